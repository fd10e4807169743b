import type { Command } from 'commander';
import { loadConfigFile } from '../runtime/config/load.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import { countId, type LetterIds, type LetterLog } from '../transport/letter-log.ts';
import { openLetters } from './dead-letters-open.ts';
import { wrongFlags } from './history-flags.ts';
import { parseSince } from './since.ts';

interface PurgeFlags {
  readonly config?: string;
  readonly before?: number;
  readonly upTo?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

export function registerPurge(parent: Command): void {
  parent
    .command('purge')
    .description('Take letters away for good, the oldest first; a daemon may be running, what it adds meanwhile stays')
    .option('-c, --config <file>', 'configuration: says where the dead letters are')
    .option('--before <time>', 'those kept before: 7d (that long ago), or 2026-01-31T12:00:00Z', parseSince)
    .option('--up-to <id>', 'this one, as `list` shows it, and all before it')
    .option('--all', 'everything that is there now; needs --yes')
    .option('--yes', 'confirms --all')
    .action(purge);
}

async function purge(flags: PurgeFlags): Promise<void> {
  refuseUnclear(flags);
  const stop = catchStopSignals(() => undefined);
  const log = await openLetters(loadConfigFile(flags.config, process.env));
  try {
    const { removed } = await log.remove(await chosen(log, flags, stop.signal), stop.signal);
    console.log(`${removed} dead ${removed === 1 ? 'letter' : 'letters'} taken away from ${log.name}`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await log.close();
  }
  stop.raiseAgain();
}

function refuseUnclear({ before, upTo, all, yes }: PurgeFlags): void {
  const given = [before, upTo, all].filter((flag) => flag !== undefined).length;
  if (given !== 1)
    throw wrongFlags('give one of --before, --up-to and --all', '`sluice dead-letters purge --help` explains them.');
  if (all === true && yes !== true) {
    throw wrongFlags(
      '--all takes every dead letter away for good',
      'Add --yes if that is meant; `sluice dead-letters list` shows them.',
    );
  }
}

/** They stand in the order in which they were kept, so the first one that is too young ends it; what is damaged goes with those before it. */
async function chosen(log: LetterLog, { before, upTo }: PurgeFlags, signal: AbortSignal): Promise<LetterIds> {
  const ids = new Map<string, number>();
  for await (const { id, letter } of log.read(signal)) {
    if (before !== undefined && letter !== null && letter.keptAtMs >= before) return ids;
    countId(ids, id);
    if (id === upTo) return ids;
  }
  if (upTo === undefined) return ids;
  throw wrongFlags(`--up-to: there is no dead letter ${upTo}`, '`sluice dead-letters list` shows them.');
}
