import type { Problem } from '../../runtime/errors.ts';
import { someTables, tablesOf } from './check-tables.ts';
import { columnNamed, isLong, kindOf, type ColumnKind, type LiveColumn, type LiveTable } from './live-table.ts';
import { problemAt } from './problem-at.ts';
import type { Mention, RuleMentions, RuleSet } from '../rule-set.ts';
import { shapeAfter } from '../template/template-shape.ts';
import { isBounded, takesPart, type TemplateColumn } from '../template/template-uses.ts';

/** What a filter can work on, and the words for it. A filter that is not here takes anything. */
const SUITS: ReadonlyMap<string, { readonly kinds: readonly ColumnKind[]; readonly reads: string }> = new Map([
  ['date', { kinds: ['date', 'text'], reads: 'a DATE, DATETIME or TIMESTAMP' }],
  ['modulo', { kinds: ['integer', 'text'], reads: 'whole numbers' }],
  ['json', { kinds: ['json', 'text'], reads: 'JSON' }],
  ['split', { kinds: ['text', 'member', 'members'], reads: 'text with separators' }],
]);

const REMEDIES: Readonly<Record<string, string>> = {
  date: 'Take another column, or leave the filter out.',
  modulo: 'Take a column of integers, or `{column | crc32 | modulo(16)}`.',
  json: 'Take a JSON column, or leave the path out.',
  '[*]': 'Take a JSON column; for a text with commas it is `{column | split(",")}`.',
  split: 'Take a text column; for a JSON array it is `{column[*]}`.',
};

/** Columns that are there and on which a filter can never work, or which would make keys of any length. For `check --live`; pure. */
export function unsuitableColumns({ mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((rule) => {
    const matching = tablesOf(rule, tables);
    return rule.columns.flatMap(({ part, use, ...mention }) =>
      part === null
        ? []
        : [...unsuitable(rule, mention, part, matching), ...unbounded(rule, mention, part, use, matching)],
    );
  });
}

type Named = Mention & { readonly name: string };

function unsuitable(
  { rule }: RuleMentions,
  mention: Named,
  part: TemplateColumn,
  tables: readonly LiveTable[],
): Problem[] {
  for (const [filter, { kinds, reads }] of readersOf(part)) {
    const [first, ...others] = tables.filter((table) => {
      const column = columnNamed(table, mention.name);
      return column !== undefined && !kinds.includes(kindOf(column));
    });
    if (first === undefined) continue;
    const type = columnNamed(first, mention.name)?.columnType ?? '';
    const message = `\`${filter}\` reads ${reads}, and \`${mention.name}\` is ${type} in ${someTables([first, ...others])}`;
    return [problemAt(mention, `rule \`${rule}\`: ${message}`, REMEDIES[filter] ?? '')];
  }
  return [];
}

/** The filters that see the column's own text, before another one made something else of it. */
function readersOf({ spread, filters }: TemplateColumn): [string, { kinds: readonly ColumnKind[]; reads: string }][] {
  const json = SUITS.get('json');
  if (spread && json !== undefined) return [['[*]', json]];
  const readers: [string, { kinds: readonly ColumnKind[]; reads: string }][] = [];
  for (const call of filters) {
    const suits = SUITS.get(call.name);
    if (suits !== undefined) readers.push([call.name, suits]);
    if (shapeAfter(call, 'raw') !== 'raw') break;
  }
  return readers;
}

/** Of lists, of parts of documents and of partition keys there is a warning only: most are short, and nothing says so. */
function unbounded(
  { rule }: RuleMentions,
  mention: Named,
  part: TemplateColumn,
  use: string,
  tables: readonly LiveTable[],
): Problem[] {
  if (use !== 'key' || takesPart(part) || isBounded(part)) return [];
  const columnIn = (table: LiveTable): LiveColumn | undefined => columnNamed(table, mention.name);
  const [first, ...others] = tables.filter((table) => {
    const column = columnIn(table);
    return column !== undefined && isLong(column);
  });
  if (first === undefined) return [];
  const message = `a key of \`${mention.name}\` could be of any length: it is ${columnIn(first)?.columnType} in ${someTables([first, ...others])}`;
  const remedy = `Write \`{${mention.name} | sha1}\` or \`{${mention.name} | substring(0, 100)}\`.`;
  return [problemAt(mention, `rule \`${rule}\`: ${message}`, remedy)];
}
