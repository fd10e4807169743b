import type { Problem } from '../../runtime/errors.ts';
import { someTables, tablesOf } from './check-tables.ts';
import type { LiveTable } from './live-table.ts';
import { problemAt } from './problem-at.ts';
import type { CompiledRule, RuleMentions, RuleSet } from '../rule-set.ts';

/**
 * Refreshes from the row on system-versioned tables of MariaDB: there a DELETE is logged as an update, and an UPDATE also as an insert
 * of what the row was before, so they would store rows that are gone. For `check --live` and every start; pure.
 */
export function refreshedHistory({ rules, mentions }: RuleSet, tables: readonly LiveTable[]): Problem[] {
  return mentions.flatMap((mention) => {
    const rule = rules.find(({ name }) => name === mention.rule);
    return rule !== undefined && storesRows(rule) ? historyOf(mention, tables) : [];
  });
}

const storesRows = ({ actions }: CompiledRule): boolean =>
  Object.values(actions).some((action) => action.kind === 'refresh' && action.plan.from.kind === 'row');

function historyOf(mention: RuleMentions, tables: readonly LiveTable[]): Problem[] {
  const [first, ...others] = tablesOf(mention, tables).filter(({ isSystemVersioned }) => isSystemVersioned);
  if (first === undefined) return [];
  const why =
    'is system-versioned: MariaDB logs its deleted rows as updates, and a refresh from the row would store them';
  return [
    problemAt(
      mention.place,
      `rule \`${mention.rule}\`: ${someTables([first, ...others])} ${why}`,
      'Let the rule delete its keys, or refresh them by a query.',
    ),
  ];
}
