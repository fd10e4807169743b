import { didYouMean } from '../runtime/config/did-you-mean.ts';
import type { Problem } from '../runtime/errors.ts';
import type { RuleMentions, RuleSet } from './rule-set.ts';

/** A table as it stands in the database now. */
export interface LiveTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** Tables that rules name and that are not there (yet). For `check --live` and the warnings at start; pure. */
export function unmatchedTables({ mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((rule) => patternsWithoutTable(rule, tables));
}

/** Columns that rules need and that one of their tables lacks: the first such row would stop the line. */
export function missingColumns({ mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((rule) => columnsWithoutTable(rule, tables));
}

function patternsWithoutTable(mentions: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  return mentions.tables
    .filter(({ pattern }) => !tables.some(({ database, name }) => pattern.matches(database, name)))
    .map(({ pattern, ...place }) => ({
      ...place,
      message: `rule \`${mentions.rule}\`: no table matches \`${pattern.text}\``,
      remedy: (pattern.exact ? didYouMean(pattern.text, tables.map(fullName)) : undefined) ?? remedyForPattern(tables),
    }));
}

function columnsWithoutTable(mentions: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  const matching = tables.filter(({ database, name }) =>
    mentions.tables.some(({ pattern }) => pattern.matches(database, name)),
  );
  return mentions.columns.flatMap(({ name, ...place }) => {
    const without = matching.filter(({ columns }) => !hasColumn(columns, name));
    const [first] = without;
    if (first === undefined) return [];
    const others = without.length === 1 ? '' : ` and ${without.length - 1} more of its tables`;
    return [
      {
        ...place,
        message: `rule \`${mentions.rule}\`: there is no column \`${name}\` in ${fullName(first)}${others}`,
        remedy: didYouMean(name, first.columns) ?? `${fullName(first)} has: ${some(first.columns)}.`,
      },
    ];
  });
}

/** Column names have no case in MySQL. */
const hasColumn = (columns: readonly string[], name: string): boolean =>
  columns.some((column) => column.toLowerCase() === name.toLowerCase());

const fullName = ({ database, name }: LiveTable): string => `${database}.${name}`;

const remedyForPattern = (tables: readonly LiveTable[]): string =>
  tables.length === 0
    ? 'The server shows no table: look at the privileges.'
    : `There is ${some(tables.map(fullName))}.`;

const some = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
