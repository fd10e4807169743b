import type { TableOperation } from '../../model/row-change.ts';
import type { Cursor, NamedTable } from './cursor.ts';
import { isHarmless, keyword } from './harmless.ts';
import type { Token } from './tokens.ts';

/** A table that a statement did something to. */
export interface Touched extends NamedTable {
  readonly operation: TableOperation;
}

/** Clauses that remove or replace rows without naming them; the rest of such a statement is a list of partitions. */
const REMOVES_ROWS: ReadonlySet<string> = new Set([
  'TRUNCATE PARTITION',
  'DROP PARTITION',
  'EXCHANGE PARTITION',
  'REORGANIZE PARTITION',
  'CONVERT PARTITION',
  'CONVERT TABLE',
  'DISCARD PARTITION',
  'IMPORT PARTITION',
  'DISCARD TABLESPACE',
  'IMPORT TABLESPACE',
]);

/** What takes a list: behind it a clause is an element of the list. */
const LISTS = /^(ORDER BY|(ANALYZE|CHECK|COALESCE|OPTIMIZE|REBUILD|REPAIR) PARTITION)$/;

/**
 * `ALTER … TABLE` up to its end. An index or a comment does nothing to the rows; what is not known to do nothing counts as
 * `alter`. Null: the statement cannot be read.
 */
export function alterTable(cursor: Cursor, ignore: boolean): Touched[] | null {
  cursor.takeIf();
  const table = cursor.table();
  if (table === null) return null;
  cursor.takeWait();
  const clauses = cursor.clauses();
  const touched: Touched[] = [];
  // IGNORE drops the rows that a new unique index does not allow.
  let altered = cursor.doubtful || (ignore && clauses.length > 0);
  let list = false;
  for (const clause of clauses) {
    const pair = `${keyword(clause[0])} ${keyword(clause[1])}`;
    if (REMOVES_ROWS.has(pair)) {
      touched.push({ ...table, operation: 'truncate' }, ...otherTable(clause));
      break;
    }
    const target = renamed(clause);
    if (target !== null) touched.push({ ...table, operation: 'rename' }, { ...target, operation: 'rename' });
    else if (!isHarmless(clause) && !(list && isListElement(clause))) altered = true;
    list ||= LISTS.test(pair);
  }
  return altered ? [{ ...table, operation: 'alter' }, ...touched] : touched;
}

/** `RENAME [TO | AS | =] name`, not `RENAME COLUMN a TO b`. */
function renamed(clause: readonly Token[]): NamedTable | null {
  if (keyword(clause[0]) !== 'RENAME' || ['COLUMN', 'INDEX', 'KEY'].includes(keyword(clause[1]))) return null;
  const hasWord = ['TO', 'AS'].includes(keyword(clause[1])) || clause[1]?.text === '=';
  return tableAt(clause, hasWord ? 2 : 1);
}

/** `EXCHANGE PARTITION p WITH TABLE t`, and MariaDB's `CONVERT PARTITION p TO TABLE t`, `CONVERT TABLE t TO PARTITION p`. */
function otherTable(clause: readonly Token[]): Touched[] {
  const at = clause.findIndex((token) => keyword(token) === 'TABLE');
  const other = at < 0 ? null : tableAt(clause, at + 1);
  return other === null ? [] : [{ ...other, operation: at === 1 ? 'drop' : 'truncate' }];
}

function tableAt(clause: readonly Token[], at: number): NamedTable | null {
  const [first, dot, second] = clause.slice(at);
  if (first === undefined) return null;
  const qualified = dot?.kind === 'symbol' && dot.text === '.' && second !== undefined;
  return qualified ? { database: first.text, table: second.text } : { database: null, table: first.text };
}

/** `name`, `t.name`, `name DESC`. */
function isListElement(clause: readonly Token[]): boolean {
  const words = ['ASC', 'DESC'].includes(keyword(clause.at(-1))) ? clause.slice(0, -1) : clause;
  return words.every(({ kind, text }, index) => (index % 2 === 0 ? kind !== 'symbol' : text === '.'));
}
