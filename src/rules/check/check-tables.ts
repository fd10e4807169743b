import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import type { Problem } from '../../runtime/errors.ts';
import { columnNamed, fullName, type LiveTable } from './live-table.ts';
import { problemAt } from './problem-at.ts';
import type { RuleMentions, RuleSet } from '../rule-set.ts';

/** A table, or a view: what a query can read. */
type Readable = Pick<LiveTable, 'database' | 'name'>;

/**
 * Tables that rules name and that are not there (yet). For `check --live` and the warnings at start; pure. `views`: a lookup may read
 * those too, and then names them.
 */
export function unmatchedTables(
  { mentions }: RuleSet,
  tables: readonly LiveTable[],
  views: readonly Readable[] = [],
): Problem[] {
  const readable = [...tables, ...views];
  return mentions.flatMap((rule) => [
    ...patternsWithoutTable(rule, rule.tables, tables),
    ...patternsWithoutTable(rule, rule.lookup?.tables ?? [], readable),
  ]);
}

/** Columns that rules need and that one of their tables lacks: each row of it would become a dead letter. */
export function missingColumns({ mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((rule) => columnsWithoutTable(rule, tables));
}

/** Those that a rule is about. */
export function tablesOf(mentions: RuleMentions, tables: readonly LiveTable[]): LiveTable[] {
  return tables.filter(({ database, name }) => mentions.tables.some(({ pattern }) => pattern.matches(database, name)));
}

/** `shop.orders and 2 more of its tables`. */
export function someTables([first, ...others]: readonly [LiveTable, ...LiveTable[]]): string {
  return `${fullName(first)}${others.length === 0 ? '' : ` and ${others.length} more of its tables`}`;
}

function patternsWithoutTable(
  { rule }: RuleMentions,
  patterns: RuleMentions['tables'],
  tables: readonly Readable[],
): Problem[] {
  return patterns
    .filter(({ pattern }) => !tables.some(({ database, name }) => pattern.matches(database, name)))
    .map(({ pattern, ...place }) => {
      const near = pattern.exact ? didYouMean(pattern.text, tables.map(fullName)) : undefined;
      return problemAt(
        place,
        `rule \`${rule}\`: no table matches \`${pattern.text}\``,
        near ?? remedyForPattern(tables),
      );
    });
}

function columnsWithoutTable(mentions: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  const matching = tablesOf(mentions, tables);
  return mentions.columns.flatMap(({ name, ...place }) => {
    const [first, ...others] = matching.filter((table) => columnNamed(table, name) === undefined);
    if (first === undefined) return [];
    const names = first.columns.map((each) => each.name);
    return [
      problemAt(
        place,
        `rule \`${mentions.rule}\`: there is no column \`${name}\` in ${someTables([first, ...others])}`,
        didYouMean(name, names) ?? `${fullName(first)} has: ${some(names)}.`,
      ),
    ];
  });
}

const remedyForPattern = (tables: readonly Readable[]): string =>
  tables.length === 0
    ? 'The server shows no table: look at the privileges.'
    : `There is ${some(tables.map(fullName))}.`;

const some = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
