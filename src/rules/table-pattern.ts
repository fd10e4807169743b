import { matchesGlob } from '../runtime/glob.ts';
import { errorMessage } from '../runtime/errors.ts';
import { wrong, type Parsed } from './text-problem.ts';

/** Which tables a rule is about: `shop.orders`, `shop_*.orders` or `/^shop_\d+\.orders$/`. */
export interface TablePattern {
  /** As written in the rule file. */
  readonly text: string;
  /** True when it can match one table only. */
  readonly exact: boolean;
  matches(database: string, table: string): boolean;
}

export function parseTablePattern(text: string): Parsed<TablePattern> {
  return text.startsWith('/') ? parseExpression(text) : parseName(text);
}

/** Database and table are matched apart, so that `*` never reaches across the dot. */
function parseName(text: string): Parsed<TablePattern> {
  const dot = text.indexOf('.');
  if (dot === -1) return wrong(0, 'the database is missing', `Write \`database.table\`, for example "shop.${text}".`);
  const [database, table] = [text.slice(0, dot), text.slice(dot + 1)];
  if (database === '') return wrong(0, 'the database before the dot is missing', 'Write `database.table`.');
  if (table === '') return wrong(dot, 'the table after the dot is missing', 'Write `database.table`.');
  const space = text.search(/\s|`/);
  if (space !== -1) return wrong(space, 'no spaces or backticks here', 'Write the plain names: `database.table`.');
  if (!/[*?]/.test(text)) {
    return { ok: { text, exact: true, matches: (db, name) => db === database && name === table } };
  }
  return { ok: { text, exact: false, matches: (db, name) => matchesGlob(database, db) && matchesGlob(table, name) } };
}

/** The whole of `database.table` must match: `/orders/` is not "somewhere in it", which would surprise with `old_orders`. */
function parseExpression(text: string): Parsed<TablePattern> {
  const end = text.lastIndexOf('/');
  if (end === 0)
    return wrong(0, 'the regular expression is never closed', 'End it with a slash: /^shop_\\d+\\.orders$/');
  const flags = text.slice(end + 1);
  if (flags !== '' && flags !== 'i') {
    return wrong(end + 1, `unknown flag \`${flags}\``, 'Only `i` (upper and lower case are the same) is allowed.');
  }
  try {
    const source = text.slice(1, end);
    // Alone first: wrapped, a stray `)` could close our group and be accepted.
    new RegExp(source, flags);
    const whole = new RegExp(`^(?:${source})$`, flags);
    return { ok: { text, exact: false, matches: (database, table) => whole.test(`${database}.${table}`) } };
  } catch (error) {
    return wrong(1, errorMessage(error), 'Mend the regular expression; it is matched against all of `database.table`.');
  }
}
