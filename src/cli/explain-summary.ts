import { formatCoordinates } from '../model/position.ts';
import type { ChangeExplanation } from '../rules/explain/explain.ts';
import type { Difference } from '../rules/explain/explain-difference.ts';
import type { Change } from '../model/row-change.ts';

/** Counts what was shown, for the last line. */
export class ExplainSummary {
  #changes = 0;
  #transactions = 0;
  #begin = '';
  #withoutRule = 0;
  #deadLetters = 0;
  readonly #actions = new Map<string, number>();
  #differing = 0;
  readonly #differences = { added: 0, removed: 0, changed: 0, letters: 0 };

  /** Every change that was looked at. */
  note(change: Change): void {
    const begin = formatCoordinates(change.transaction.begin);
    if (begin !== this.#begin) this.#transactions++;
    this.#begin = begin;
    this.#changes++;
  }

  /** A change that the filter let through; `rules` empty: no rule is about its table. */
  noteShown({ rules }: ChangeExplanation): void {
    if (rules.length === 0) this.#withoutRule++;
    for (const { verdict, invalidations } of rules) {
      if (verdict.kind === 'dead_letter') this.#deadLetters++;
      for (const { action } of invalidations) this.#actions.set(action, (this.#actions.get(action) ?? 0) + 1);
    }
  }

  noteDifference({ added, removed, changed, addedLetters, removedLetters }: Difference): void {
    this.#differing++;
    this.#differences.added += added.length;
    this.#differences.removed += removed.length;
    this.#differences.changed += changed.length;
    this.#differences.letters += addedLetters.length + removedLetters.length;
  }

  get progress(): string {
    return `${this.#changes} changes read, at ${this.#begin}`;
  }

  text(): string {
    const total = [...this.#actions.values()].reduce((sum, count) => sum + count, 0);
    const each = [...this.#actions].map(([action, count]) => `${count} ${action}`).join(', ');
    const parts = [
      `${count(total, 'invalidation')}${each === '' ? '' : ` (${each})`}`,
      ...(this.#deadLetters > 0 ? [count(this.#deadLetters, 'dead letter')] : []),
      ...(this.#withoutRule > 0 ? [`${count(this.#withoutRule, 'change')} of tables that no rule is about`] : []),
    ];
    return `${this.#read()}: ${parts.join('; ')}`;
  }

  differenceText(): string {
    const { added, removed, changed, letters } = this.#differences;
    if (this.#differing === 0) return `${this.#read()}: no difference`;
    const dead = letters === 0 ? '' : `; dead letters differ ${letters} times`;
    return `${this.#read()}: ${count(this.#differing, 'change')} with a difference: ${added} added, ${removed} removed, ${changed} changed${dead}`;
  }

  #read(): string {
    return `${count(this.#changes, 'change')} in ${count(this.#transactions, 'transaction')}`;
  }
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
