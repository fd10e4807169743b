import type { Command } from 'commander';
import { loadConfigFile } from '../runtime/config/load.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import type { StoredLetter } from '../transport/letter-log.ts';
import { addLetterOptions, matchesLetter, type LetterFlags } from './dead-letters-filter.ts';
import { formatLetter, letterJson, ReasonCounts } from './dead-letters-format.ts';
import { openLetters } from './dead-letters-open.ts';

interface ListFlags extends LetterFlags {
  readonly json?: boolean;
}

export function registerList(parent: Command): void {
  const command = parent
    .command('list')
    .description('Show what is kept, the oldest first, and how often each reason came');
  addLetterOptions(command, 'only the newest n').option('--json', 'as JSON, one letter per line').action(list);
}

async function list(flags: ListFlags): Promise<void> {
  const stop = catchStopSignals(() => undefined);
  const log = await openLetters(loadConfigFile(flags.config, process.env));
  const format = flags.json === true ? letterJson : formatLetter;
  const reasons = new ReasonCounts();
  const newest: StoredLetter[] = [];
  let count = 0;
  try {
    for await (const stored of log.read(stop.signal)) {
      if (!matchesLetter(stored, flags)) continue;
      count++;
      reasons.add(stored.letter?.reason ?? 'damaged');
      if (flags.limit === undefined) console.log(format(stored));
      else if (newest.push(stored) > flags.limit) newest.shift();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await log.close();
  }
  for (const stored of newest) console.log(format(stored));
  if (flags.json !== true) summarize(log.name, count, reasons);
  stop.raiseAgain();
}

function summarize(where: string, count: number, reasons: ReasonCounts): void {
  console.log(
    count === 0
      ? `no such dead letters in ${where}`
      : `\n${count} dead ${count === 1 ? 'letter' : 'letters'} in ${where}:`,
  );
  for (const line of reasons.lines()) console.log(line);
}
