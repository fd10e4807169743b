import { matchesGlob } from '../../runtime/glob.ts';
import { shown } from '../../runtime/config/shown.ts';
import { errorMessage } from '../../runtime/errors.ts';
import { TABLE_NAME_USE, unsafeExpression } from './safe-expression.ts';
import { canMatchDot } from './expression/dotted.ts';
import type { Captures } from '../template/template-facts.ts';
import { wrong, type Parsed } from '../schema/text-problem.ts';

/** Which tables a rule is about: `shop.orders`, `shop_*.orders` or `/^shop_\d+\.orders$/`. */
export interface TablePattern {
  /** As written in the rule file. */
  readonly text: string;
  /** True when it can match one table only. */
  readonly exact: boolean;
  /** What its captures can be called: '1', '2', … and the names of `(?<name>…)`. Names and globs have none. */
  readonly captureNames: readonly string[];
  matches(database: string, table: string): boolean;
  /** What the groups of the expression matched; null if the table is another. Empty for names and globs. */
  captures(database: string, table: string): Captures | null;
}

const NO_CAPTURES: Captures = {};

export function parseTablePattern(text: string): Parsed<TablePattern> {
  return text.startsWith('/') ? parseExpression(text) : parseName(text);
}

/** Database and table are matched apart, so that `*` never reaches across the dot. */
function parseName(text: string): Parsed<TablePattern> {
  const dot = text.indexOf('.');
  if (dot === -1)
    return wrong(0, 'the database is missing', `Write \`database.table\`, for example "shop.${shown(text)}".`);
  const [database, table] = [text.slice(0, dot), text.slice(dot + 1)];
  if (database === '') return wrong(0, 'the database before the dot is missing', 'Write `database.table`.');
  if (table === '') return wrong(dot, 'the table after the dot is missing', 'Write `database.table`.');
  const space = text.search(/\s|`/);
  if (space !== -1) return wrong(space, 'no spaces or backticks here', 'Write the plain names: `database.table`.');
  const foreign = notInNames(text, dot);
  if (foreign !== undefined) return foreign;
  const exact = !/[*?]/.test(text);
  const matches: TablePattern['matches'] = exact
    ? (db, name) => db === database && name === table
    : (db, name) => matchesGlob(database, db) && matchesGlob(table, name);
  const captures: TablePattern['captures'] = (db, name) => (matches(db, name) ? NO_CAPTURES : null);
  return { ok: { text, exact, captureNames: [], matches, captures } };
}

/** Taken literally these would match no table, and nobody would notice. An odd name can still be written as an expression. */
function notInNames(text: string, dot: number): ReturnType<typeof wrong> | undefined {
  const expression = `Write a regular expression: ${shown(asExpression(text))}`;
  const at = text.search(/[[\]{}()|^\\]/);
  if (at !== -1) return wrong(at, `\`${text[at] ?? ''}\` is no wildcard; there are only \`*\` and \`?\``, expression);
  const percent = text.indexOf('%');
  if (percent !== -1) {
    return wrong(percent, '`%` is no wildcard here', `Write \`*\`: "${shown(text.replaceAll('%', '*'))}".`);
  }
  const comma = text.indexOf(',');
  if (comma !== -1) {
    const list = text.split(',').map((name) => `"${shown(name)}"`);
    return wrong(comma, 'a comma does not separate tables here', `Write a list: [${list.join(', ')}].`);
  }
  const second = text.indexOf('.', dot + 1);
  if (second === -1) return undefined;
  return wrong(second, 'a second dot', `Write \`database.table\`. If the name has a dot: ${expression}`);
}

/** What the author of a glob with more than `*` and `?` most likely meant. */
function asExpression(text: string): string {
  // With a backslash it is an expression already, but for its slashes.
  if (text.includes('\\')) return `/${text}/`;
  const source = text
    .replaceAll('.', '\\.')
    .replaceAll('*', '[^.]*')
    .replaceAll('?', '[^.]')
    .replace(/\{([^{}]*)\}/g, (_, names: string) => `(${names.replaceAll(',', '|')})`);
  return `/${source}/`;
}

/** The whole of `database.table` must match: `/orders/` is not "somewhere in it", which would surprise with `old_orders`. */
function parseExpression(text: string): Parsed<TablePattern> {
  const end = text.lastIndexOf('/');
  if (end === 0)
    return wrong(0, 'the regular expression is never closed', 'End it with a slash: /^shop_\\d+\\.orders$/');
  const flags = text.slice(end + 1);
  if (flags !== '' && flags !== 'i') {
    return wrong(
      end + 1,
      `unknown flag \`${shown(flags)}\``,
      'Only `i` (upper and lower case are the same) is allowed.',
    );
  }
  try {
    const source = text.slice(1, end);
    // Alone first: wrapped, a stray `)` could close our group and be accepted.
    new RegExp(source, flags);
    const whole = new RegExp(`^(?:${source})$`, flags);
    const unsafe = unsafeExpression(source, flags, TABLE_NAME_USE);
    if (unsafe !== null) return wrong(unsafe.at + 1, unsafe.message, unsafe.remedy);
    if (!canMatchDot(source, flags)) {
      const remedy = 'It is matched against all of `database.table`: /shop_\\d+\\.orders/.';
      return wrong(1, 'this matches no table: it has no place for the dot between database and table', remedy);
    }
    const matches: TablePattern['matches'] = (database, table) => whole.test(`${database}.${table}`);
    const captures: TablePattern['captures'] = (database, table) => capturesOf(whole.exec(`${database}.${table}`));
    return { ok: { text, exact: false, captureNames: captureNamesOf(source, flags), matches, captures } };
  } catch (error) {
    return wrong(1, errorMessage(error), 'Mend the regular expression; it is matched against all of `database.table`.');
  }
}

/** With an empty alternative every expression matches the empty text, and its match has every group. */
function captureNamesOf(source: string, flags: string): string[] {
  const match = new RegExp(`${source}|`, flags).exec('');
  return match === null ? [] : Object.keys(capturesOf(match) ?? {});
}

function capturesOf(match: RegExpExecArray | null): Captures | null {
  if (match === null) return null;
  const captures: Record<string, string> = {};
  match.slice(1).forEach((text: string | undefined, i) => (captures[String(i + 1)] = text ?? ''));
  for (const [name, text] of Object.entries(match.groups ?? {})) captures[name] = text ?? '';
  return captures;
}
