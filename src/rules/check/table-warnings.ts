import type { Problem } from '../../runtime/errors.ts';
import { someTables, tablesOf } from './check-tables.ts';
import { columnNamed, ignoresCase, isLong, type LiveColumn, type LiveTable } from './live-table.ts';
import { problemAt } from './problem-at.ts';
import type { CompiledRule, RuleMentions, RuleSet } from '../rule-set.ts';
import { shapeAfter } from '../template/template-shape.ts';
import { isBounded, replacesNull, takesPart, type TemplateColumn } from '../template/template-uses.ts';

/** What works and is most likely not meant: keys that the application writes otherwise, rows without a key. Pure. */
export function tableWarnings({ rules, mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((rule) => {
    const compiled = rules.find(({ name }) => name === rule.rule);
    const matching = tablesOf(rule, tables);
    return [
      ...withoutPrimaryKey(rule, tables),
      ...(compiled === undefined ? [] : keyWarnings(rule, compiled, matching)),
    ];
  });
}

function withoutPrimaryKey({ rule, tables: patterns }: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  return patterns.flatMap(({ pattern, ...place }) => {
    const [first, ...others] = tables.filter(
      ({ database, name, primaryKey }) => primaryKey.length === 0 && pattern.matches(database, name),
    );
    if (first === undefined) return [];
    return [
      problemAt(
        place,
        `rule \`${rule}\`: there is no primary key in ${someTables([first, ...others])}`,
        'Give it one: without it nobody can tell in the audit trail or in dead letters which row it was.',
      ),
    ];
  });
}

function keyWarnings({ rule, columns }: RuleMentions, compiled: CompiledRule, tables: readonly LiveTable[]): Problem[] {
  return columns.flatMap(({ name, use, part, ...place }) => {
    if ((use !== 'key' && use !== 'partition_key') || part === null) return [];
    const warn = (
      isMeant: (column: LiveColumn) => boolean,
      message: (column: LiveColumn, where: string) => string,
      remedy: string,
    ): Problem[] => {
      const [first, ...others] = tables.filter((table) => {
        const column = columnNamed(table, name);
        return column !== undefined && isMeant(column);
      });
      const column = first === undefined ? undefined : columnNamed(first, name);
      if (first === undefined || column === undefined) return [];
      return [problemAt(place, `rule \`${rule}\`: ${message(column, someTables([first, ...others]))}`, remedy)];
    };
    const ofAnyLength = warn(
      (column) => isLong(column) && !isBounded(part) && (use === 'partition_key' || takesPart(part)),
      ({ columnType }, where) =>
        `${takesPart(part) ? 'what this takes' : 'a partition key'} of \`${name}\` could be of any length: it is ${columnType} in ${where}`,
      'Put `| sha1` or `| substring(0, 100)` behind it; or leave it, if its values are always short.',
    );
    if (use === 'partition_key') return ofAnyLength;
    return [
      ...ofAnyLength,
      ...(foldsCaseInTime(part)
        ? []
        : warn(
            ignoresCase,
            ({ collation }, where) =>
              `\`${name}\` is compared without case in ${where} (${collation}): \`A\` and \`a\` are one value there and two keys`,
            `Write \`{${name} | lower}\`, and let the application build its keys in lower case.`,
          )),
      ...(compiled.nullText !== null || replacesNull(part)
        ? []
        : warn(
            ({ nullable }) => nullable,
            (_, where) => `\`${name}\` may be NULL in ${where}, and such a row gives no key`,
            `Say what stands for it, with \`null_as\` or \`{${name} | default("none")}\`, or declare the column NOT NULL.`,
          )),
    ];
  });
}

/** Whether case is gone before a hash or an encoding keeps it, or it never mattered: digits, dates. */
function foldsCaseInTime({ filters }: TemplateColumn): boolean {
  for (const call of filters) {
    if (['lower', 'upper', 'date', 'modulo'].includes(call.name)) return true;
    if (shapeAfter(call, 'raw') === 'opaque') return false;
  }
  return false;
}
