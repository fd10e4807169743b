import { LetterWindow } from './dead-letter-window.ts';
import { SluiceError } from './errors.ts';

/** Null: no such limit. */
export interface DeadLetterLimits {
  /** Dead letters one after another, with nothing applied in between. */
  readonly maxStreak: number | null;
  /** 0 … 1, of the newest invalidations. */
  readonly maxShare: number | null;
}

/** What the share is a share of: the newest of them, and no verdict before so many were seen. */
const WINDOW = { size: 10_000, enough: 1_000 };
/** Reasons that the message is made of. */
const KEPT_REASONS = 200;

/**
 * Stops a line that would make a dead letter of everything: after a bad deploy it is not the records that are wrong. One for each
 * target and each capture, whatever the partition. Judged batch by batch, *before* anything of the batch is kept: what is refused
 * is neither kept nor finished, and comes again after the start.
 *
 *   streak: letters since something was last applied. Within a batch nobody can tell the order of what failed and what was applied;
 *           but of n letters among k applied some (n / (k + 1)) must stand one after another, and those count. A batch in which
 *           anything was applied ends the streak.
 *   share:  letters among the newest 10,000, and not before 1,000 were seen.
 *
 * Nothing of this outlives the process. So that a supervisor which starts a stopped line again and again does not let a whole
 * streak through with each start, a start is on probation: until something was applied, a tenth of the streak is enough.
 */
export class DeadLetterLimit {
  readonly #limits: DeadLetterLimits;
  readonly #window = new LetterWindow(WINDOW.size);
  #reasons: string[] = [];
  #streak = 0;
  #onProbation = true;

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits;
  }

  /**
   * To be called for every batch, with the reasons of its dead letters and how many of it were applied otherwise. Throws
   * DEAD_LETTERS_LIMIT when these letters are too many; the batch then counts as not seen.
   */
  judge(reasons: readonly string[], applied: number): void {
    if (reasons.length > 0) this.#refuse(reasons, applied);
    this.#window.add(reasons.length, reasons.length + applied);
    if (applied > 0) this.#onProbation = false;
    this.#streak = applied > 0 ? 0 : this.#streak + reasons.length;
    if (reasons.length > 0) this.#reasons = [...this.#reasons, ...reasons.slice(-KEPT_REASONS)].slice(-KEPT_REASONS);
  }

  #refuse(reasons: readonly string[], applied: number): void {
    const why = this.#streakTooLong(reasons.length, applied) ?? this.#shareTooLarge(reasons.length, applied);
    if (why === null) return;
    const newest = summary([...this.#reasons, ...reasons].slice(-KEPT_REASONS));
    throw new SluiceError('DEAD_LETTERS_LIMIT', `${why}. The newest reasons: ${newest}`);
  }

  #streakTooLong(letters: number, applied: number): string | null {
    const { maxStreak } = this.#limits;
    if (maxStreak === null) return null;
    const onProbation = this.#onProbation && applied === 0;
    const allowed = onProbation ? Math.max(1, Math.floor(maxStreak / 10)) : maxStreak;
    const streak = applied === 0 ? this.#streak + letters : Math.ceil(letters / (applied + 1));
    if (streak <= allowed) return null;
    const since = onProbation
      ? `and nothing was applied since the start (allowed until then: ${allowed}, a tenth of dead_letters.max_streak)`
      : `one after another (dead_letters.max_streak: ${allowed})`;
    return `${streak} invalidations would be dead letters ${since}`;
  }

  #shareTooLarge(letters: number, applied: number): string | null {
    const { maxShare } = this.#limits;
    if (maxShare === null) return null;
    const found = this.#window.with(letters, letters + applied);
    if (found.total < WINDOW.enough || found.letters <= found.total * maxShare) return null;
    const percent = Number((maxShare * 100).toFixed(6));
    return `${found.letters} of the last ${found.total} invalidations would be dead letters (dead_letters.max_share: ${percent}%)`;
  }
}

/** The three most frequent, with their counts. */
function summary(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([reason, count]) => `${count} × ${reason.slice(0, 300)}`);
  return [...shown, ...(sorted.length > 3 ? [`and ${sorted.length - 3} others`] : [])].join('; ');
}
