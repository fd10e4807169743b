import type { Problem } from '../../runtime/errors.ts';
import { someTables, tablesOf } from './check-tables.ts';
import type { LiveTable } from './live-table.ts';
import { problemAt } from './problem-at.ts';
import type { CompiledRule, RuleMentions, RuleSet } from '../rule-set.ts';

/**
 * Rules on system-versioned tables of MariaDB that would keep or store rows that are gone: a DELETE is logged there as an update of
 * nothing but the end of the row's period, and an UPDATE also as an insert of what the row was before. For `check --live` and every
 * start; pure.
 */
export function misreadHistory({ rules, mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((mention) => {
    const rule = rules.find(({ name }) => name === mention.rule);
    return rule === undefined ? [] : problemsOf(rule, mention, tables);
  });
}

function problemsOf(rule: CompiledRule, mention: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  const [first, ...others] = tablesOf(mention, tables).filter(({ isSystemVersioned }) => isSystemVersioned);
  if (first === undefined) return [];
  const where = `${someTables([first, ...others])} is system-versioned: MariaDB logs its deleted rows as updates`;
  return misreadings(rule).map(({ why, remedy }) =>
    problemAt(mention.place, `rule \`${mention.rule}\`: ${where}, ${why}`, remedy),
  );
}

function misreadings({ actions, columns, when }: CompiledRule): { why: string; remedy: string }[] {
  const storesRows = Object.values(actions).some(
    (action) => action.kind === 'refresh' && action.plan.from.kind === 'row',
  );
  return [
    ...(storesRows
      ? [{ why: 'and a refresh from the row would store them', remedy: 'Delete the keys, or refresh them by a query.' }]
      : []),
    ...(actions.update === undefined
      ? [{ why: 'and the rule leaves updates out', remedy: 'Let `on` have an action for `update`.' }]
      : []),
    ...(columns === null
      ? []
      : [{ why: 'which change none of its `columns`', remedy: 'Leave `columns` out: every update counts then.' }]),
    ...(when === null
      ? []
      : [
          {
            why: 'which its `when` may leave out',
            remedy: 'Leave `when` out: keys too many are deleted, none too few.',
          },
        ]),
  ];
}
