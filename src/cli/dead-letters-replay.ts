import type { Command } from 'commander';
import { replayLetters, type Replayed } from '../letters/replay.ts';
import { preflight } from '../preflight.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLogger, silentLogger } from '../runtime/logger.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import { countId, type LetterLog, type StoredLetter } from '../transport/letter-log.ts';
import { addLetterOptions, matchesLetter, type LetterFlags } from './dead-letters-filter.ts';
import { ReasonCounts } from './dead-letters-format.ts';
import { openLetters } from './dead-letters-open.ts';
import { loadAll } from './load-rules.ts';
import { printable } from './tail-format.ts';

interface ReplayFlags extends LetterFlags {
  readonly dryRun?: boolean;
  readonly purge?: boolean;
}

export function registerReplay(parent: Command): void {
  const command = parent
    .command('replay')
    .description('Apply again what is kept, with the rules of today; a daemon may be running');
  addLetterOptions(command, 'only the oldest n')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--purge', 'afterwards take those away that were replayed')
    .action(replay);
}

async function replay(flags: ReplayFlags): Promise<void> {
  const stop = catchStopSignals(() => undefined);
  const { loaded, ruleSet } = loadAll(flags.config, process.env);
  const { config } = loaded;
  const dryRun = flags.dryRun === true;
  if (!dryRun) {
    const parts = [config.transport.kind === 'kafka' ? ('kafka' as const) : ('targets' as const)];
    await preflight({ loaded, ruleSet, parts, mode: 'check', logger: silentLogger, onWarning: () => undefined });
  }
  const log = await openLetters(loaded);
  const report = new ReplayReport(dryRun);
  try {
    const letters = chosen(log, flags, stop.signal);
    const options = { config, ruleSet, clock: systemClock, logger: createLogger('error'), signal: stop.signal, dryRun };
    for await (const replayed of replayLetters(letters, options)) replayed.forEach((each) => report.add(each));
    if (flags.purge === true && !dryRun) await purgeReplayed(log, report, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await log.close();
  }
  report.end();
  if (report.failed > 0) process.exitCode = 1;
  stop.raiseAgain();
}

async function* chosen(log: LetterLog, flags: ReplayFlags, signal: AbortSignal): AsyncGenerator<StoredLetter> {
  let count = 0;
  for await (const stored of log.read(signal)) {
    if (!matchesLetter(stored, flags)) continue;
    yield stored;
    if (++count === flags.limit) return;
  }
}

async function purgeReplayed(log: LetterLog, { ids }: ReplayReport, signal: AbortSignal): Promise<void> {
  const { removed, left } = await log.remove(ids, signal);
  const rest =
    left === 0 ? '' : `; ${left} stay, because a topic can only be cut off before the first letter that is to stay`;
  console.log(`${removed} taken away from ${log.name}${rest}`);
}

/** Says what happened, and remembers what was replayed. */
class ReplayReport {
  /** Of the letters that were replayed. */
  readonly ids = new Map<string, number>();
  readonly #dryRun: boolean;
  readonly #reasons = new ReasonCounts();
  #replayed = 0;
  failed = 0;

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun;
  }

  add({ id, letter, invalidations, failure }: Replayed): void {
    if (failure !== null) {
      this.failed++;
      this.#reasons.add(failure);
      console.log(printable(`${id}  not replayed  ${failure}`));
      return;
    }
    this.#replayed++;
    countId(this.ids, id);
    if (this.#dryRun) console.log(printable(`${id}  ${letter?.place ?? ''}  ${wouldDo(invalidations)}`));
  }

  end(): void {
    const [done, not] = this.#dryRun ? ['could be replayed', 'could not'] : ['replayed', 'could not be replayed'];
    console.log(`${this.#replayed} ${done}, ${this.failed} ${not}${this.failed === 0 ? '' : ':'}`);
    for (const line of this.#reasons.lines()) console.log(line);
  }
}

function wouldDo(invalidations: Replayed['invalidations']): string {
  if (invalidations.length === 0) return 'nothing: the rules of today do not care for this row';
  return invalidations.map(({ action, key }) => `${action} ${key}`).join(', ');
}
