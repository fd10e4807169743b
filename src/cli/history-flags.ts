import { InvalidArgumentError, type Command } from 'commander';
import type { BinlogCoordinates } from '../model/position.ts';
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
    .option('--gtid <set>', 'these transactions: a GTID set (MySQL), or GTIDs with commas between (MariaDB)');
}

/** Null: no history was asked for. Throws ProblemsError when more than one piece was. */
export function selectionOf({ last, from, to, gtid }: HistoryFlags): HistorySelection | null {
  const given = [last, from, gtid].filter((flag) => flag !== undefined).length;
  if (given > 1) throw wrongFlags('--last, --from and --gtid exclude each other', 'Give one of them.');
  if (to !== undefined && from === undefined) throw wrongFlags('--to needs --from', 'Add --from FILE:OFFSET.');
  if (last !== undefined) return { kind: 'last', transactions: last };
  if (from !== undefined) return { kind: 'range', from, to: to ?? null };
  return gtid === undefined ? null : { kind: 'gtids', set: gtid };
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
