import { scanSql, type SqlToken } from './sql-scan.ts';

/** A table that a query reads, as it names it. */
export interface TableReference {
  /** Null: in the database that is chosen when the query runs. */
  readonly database: string | null;
  readonly table: string;
  /** Where it begins in the query's text. */
  readonly at: number;
}

/** One level of parentheses, or the whole text. */
interface Level {
  /** Between FROM and what ends it, where a comma and JOIN are followed by a table. */
  inFrom: boolean;
  /** The next name is a table's. */
  expects: boolean;
  /** FROM also stands in EXTRACT(YEAR FROM …) and TRIM(… FROM …), which read no table. */
  isQuery: boolean;
  /** Within WITH: a name comes next, or what it stands for. */
  with: 'name' | 'body' | null;
  isRecursive: boolean;
  /** The name of WITH whose body is being read. */
  named: string | null;
  /** In lower case: what WITH has named so far. */
  readonly ctes: Set<string>;
  /** This level is the body of a name of the level around it. */
  readonly isBody: boolean;
}

const ENDS_FROM: ReadonlySet<string> = new Set([
  ...['WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'UNION', 'EXCEPT', 'INTERSECT', 'WINDOW', 'FOR', 'LOCK'],
  ...['PROCEDURE', 'SELECT'],
]);
/** What else stands where a table may. */
const NO_TABLES: ReadonlySet<string> = new Set(['DUAL', 'LATERAL', 'TABLE', 'VALUES', 'WITH']);
const JOINS: ReadonlySet<string> = new Set(['JOIN', 'STRAIGHT_JOIN']);

/**
 * Every table that a SELECT names after FROM and JOIN, also in subqueries; each place counts. What WITH names is no table, except within
 * its own body, where only RECURSIVE makes the name known. Which tables a view or a function reads no text says.
 */
export function queryTables(sql: string): TableReference[] {
  const { tokens } = scanSql(sql);
  const found: TableReference[] = [];
  const levels: Level[] = [level({ isQuery: true })];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    const here = levels.at(-1);
    if (token === undefined || here === undefined) break;
    const next = tokens[index + 1];
    if (token.kind === 'symbol') symbol(token, here, tokens[index - 1], levels);
    else if (here.with === 'name' && token.kind !== 'parameter') nameOfWith(token, here);
    else if (here.expects && isTableName(token, next)) {
      here.expects = false;
      const reference = referenceAt(tokens, index);
      if (!isKnown(reference, levels)) found.push(reference);
    } else if (token.kind === 'word') {
      // USE INDEX FOR JOIN (…): the FOR ends nothing, and no table follows.
      if (token.text.toUpperCase() === 'FOR' && /^(?:JOIN|ORDER|GROUP)$/i.test(next?.text ?? '')) index++;
      else word(token.text.toUpperCase(), here, next);
    }
  }
  return found;
}

function level(more: Partial<Level>): Level {
  const empty = { inFrom: false, expects: false, isQuery: false, isRecursive: false, isBody: false };
  return { ...empty, with: null, named: null, ctes: new Set(), ...more };
}

function symbol({ text }: SqlToken, here: Level, before: SqlToken | undefined, levels: Level[]): void {
  if (text === ',') {
    if (here.with === 'body') here.with = 'name';
    here.expects = here.inFrom;
  } else if (text === '(') {
    const isBody = here.with === 'body' && before?.kind === 'word' && /^as$/i.test(before.text);
    // FROM (a JOIN b): a list of tables may stand in parentheses.
    levels.push(level({ inFrom: here.expects, expects: here.expects, isQuery: here.expects, isBody }));
    here.expects = false;
  } else if (text === ')' && levels.length > 1) {
    levels.pop();
    const around = levels.at(-1);
    if (here.isBody && around !== undefined && around.named !== null) around.ctes.add(around.named);
  }
}

function nameOfWith({ kind, text }: SqlToken, here: Level): void {
  if (kind === 'word' && /^recursive$/i.test(text)) {
    here.isRecursive = true;
    return;
  }
  here.named = text.toLowerCase();
  here.with = 'body';
  if (here.isRecursive) here.ctes.add(here.named);
}

function word(text: string, here: Level, next: SqlToken | undefined): void {
  if (text === 'SELECT') here.isQuery = true;
  if (text === 'SELECT' || (text === 'TABLE' && !here.inFrom)) here.with = null;
  if (text === 'WITH' && !/^(?:rollup|query)$/i.test(next?.text ?? '')) {
    here.with = 'name';
    here.inFrom = here.expects = false;
  } else if (text === 'FROM' && here.isQuery) here.inFrom = here.expects = true;
  else if (JOINS.has(text) && here.inFrom) here.expects = true;
  // `TABLE t` is short for `SELECT * FROM t`.
  else if (text === 'TABLE') here.expects = true;
  else if (text === 'LATERAL') return;
  else if (ENDS_FROM.has(text)) here.inFrom = here.expects = false;
  else here.expects = false;
}

/** JSON_TABLE(…) is a function, DUAL nothing, and LATERAL stands before a subquery. */
function isTableName({ kind, text }: SqlToken, next: SqlToken | undefined): boolean {
  if (kind === 'quoted') return true;
  if (kind !== 'word' || next?.text === '(') return false;
  const upper = text.toUpperCase();
  return !ENDS_FROM.has(upper) && !NO_TABLES.has(upper);
}

/** `orders`, `shop.orders`, with or without backticks around each. */
function referenceAt(tokens: readonly SqlToken[], index: number): TableReference {
  const [first, second, third] = tokens.slice(index, index + 3);
  const { text = '', at = 0 } = first ?? {};
  if (second?.kind === 'dotted') return { database: text, table: second.text, at };
  if (second?.text === '.' && third?.kind === 'quoted') return { database: text, table: third.text, at };
  return { database: null, table: text, at };
}

const isKnown = ({ database, table }: TableReference, levels: readonly Level[]): boolean =>
  database === null && levels.some(({ ctes }) => ctes.has(table.toLowerCase()));
