import type { Table } from '../../model/row-change.ts';
import { templateColumns } from '../template/template-uses.ts';
import type { CompiledRule, RuleAction } from '../rule-set.ts';

/** The columns a rule needs for an action and the table does not have, as the rule writes them. */
export function missingColumns(rule: CompiledRule, action: RuleAction, table: Table): string[] {
  const has = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  return neededColumns(rule, action).filter((name) => !has.has(name.toLowerCase()));
}

/** Every column a rule needs for an action, as the rule writes it: of keys, conditions, parameters and carried rows. */
export function neededColumns(rule: CompiledRule, action: RuleAction): string[] {
  const templates = rule.partitionKey === null ? rule.keys : [...rule.keys, rule.partitionKey];
  return [
    ...new Set([
      ...templates.flatMap(templateColumns).map(({ column }) => column),
      ...(rule.columns ?? []),
      ...(rule.when?.columns ?? []),
      ...(rule.lookup?.parameters ?? []),
      ...(action.kind === 'refresh' ? (action.columns ?? []) : []),
    ]),
  ];
}
