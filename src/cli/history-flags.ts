import { InvalidArgumentError, type Command } from 'commander';
import { parseGtidSet } from '../model/gtid-set.ts';
import { formatCoordinates, type BinlogCoordinates, type Flavour } from '../model/position.ts';
import { ProblemsError } from '../runtime/errors.ts';
import type { HistorySelection } from '../source/history.ts';

/** Options that choose a piece of history; the same in every command that reads one. */
export interface HistoryFlags {
  readonly last?: number;
  readonly from?: BinlogCoordinates;
  readonly to?: BinlogCoordinates;
  readonly gtid?: string;
}

export function addHistoryOptions(command: Command): Command {
  return command
    .option('--last <n>', 'the newest transactions of the binary log', parseCount)
    .option('--from <file:offset>', 'every transaction from these binlog coordinates on', parseCoordinates)
    .option('--to <file:offset>', 'with --from: up to these; default: the end of the log now', parseCoordinates)
    .option(
      '--gtid <set>',
      'these transactions: a GTID set (MySQL), or GTIDs with commas between (MariaDB)',
      parseGtids,
    );
}

/** Null: no history was asked for. Throws ProblemsError when more than one piece was. */
export function selectionOf({ last, from, to, gtid }: HistoryFlags): HistorySelection | null {
  const given = [last, from, gtid].filter((flag) => flag !== undefined).length;
  if (given > 1) throw wrongFlags('--last, --from and --gtid exclude each other', 'Give one of them.');
  if (to !== undefined && from === undefined) throw wrongFlags('--to needs --from', 'Add --from FILE:OFFSET.');
  if (from !== undefined && to !== undefined && isBehind(from, to)) {
    const message = `--to ${formatCoordinates(to)} lies before --from ${formatCoordinates(from)}`;
    throw wrongFlags(message, 'Exchange them.');
  }
  if (last !== undefined) return { kind: 'last', transactions: last };
  if (from !== undefined) return { kind: 'range', from, to: to ?? null };
  return gtid === undefined ? null : { kind: 'gtids', set: gtid };
}

/** Files of one server differ in their number only; of others nothing is known before the server is asked. */
function isBehind(from: BinlogCoordinates, to: BinlogCoordinates): boolean {
  if (from.file === to.file) return from.offset > to.offset;
  const [fromBase, fromNumber] = splitFile(from.file);
  const [toBase, toNumber] = splitFile(to.file);
  return fromBase === toBase && fromNumber > toNumber;
}

function splitFile(file: string): [base: string, number: number] {
  const [, base = file, number = ''] = /^(.*)\.(\d+)$/.exec(file) ?? [];
  return [base, Number(number)];
}

/** Whichever server it is for: that is known later. */
export function parseGtids(text: string): string {
  if (text.trim() !== '' && (isGtidSet('mysql', text) || isGtidSet('mariadb', text))) return text;
  throw new InvalidArgumentError(
    'Use a GTID set such as 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5 (MySQL), or GTIDs such as 0-1-42,0-1-43 (MariaDB).',
  );
}

function isGtidSet(flavour: Flavour, text: string): boolean {
  try {
    // MariaDB: each GTID by itself, as its sets hold one of each domain.
    for (const part of flavour === 'mysql' ? [text] : text.split(',')) parseGtidSet(flavour, part.trim());
    return true;
  } catch {
    return false;
  }
}

/** For options that may be repeated. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** A wrong command line that commander cannot see. */
export function wrongFlags(message: string, remedy: string): ProblemsError {
  return new ProblemsError('CONFIG_INVALID', [{ message, remedy }]);
}

export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new InvalidArgumentError('Use a number such as 10.');
  return count;
}

export function parseCoordinates(text: string): BinlogCoordinates {
  const [, file = '', offset = ''] = /^(\S+):(\d{1,15})$/.exec(text) ?? [];
  if (file === '') throw new InvalidArgumentError('Use FILE:OFFSET, for example binlog.000007:4242.');
  return { file, offset: Number(offset) };
}
