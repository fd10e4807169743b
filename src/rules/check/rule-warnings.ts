import type { Problem } from '../../runtime/errors.ts';
import { keysOf } from '../schema/check-references.ts';
import { unreadTables } from '../schema/lookup-tables.ts';
import { TABLE_OPERATIONS } from '../schema/effective-rule.ts';
import type { LocatedRule } from '../rule-file.ts';
import { usesEpoch } from '../template/template-uses.ts';

/** What is allowed and most likely not meant. */
export function warningsOf(located: readonly LocatedRule[]): Problem[] {
  return located.flatMap((rule) => [...staleAfter(rule), ...unreadTables(rule), ...fixedEpoch(rule, located)]);
}

/** A row that leaves the condition is seen only through its before image. */
function staleAfter({ effective: { rule, actions }, document, index }: LocatedRule): Problem[] {
  const leaving = actions.filter(({ operation }) => operation !== 'insert').map(({ operation }) => operation);
  if (rule.when === undefined || leaving.length === 0) return [];
  const { before, after, op } = rule.when.reads;
  const [first] = after;
  if (first === undefined || before.length > 0 || op) return [];
  return [
    document.problem(
      ['rules', index, 'when'],
      `rule \`${rule.name}\`: \`when\` looks at \`after\` only: with ${leaving.join(' or ')} the key of a row that no longer fits stays as it is`,
      `Ask both images, as in \`before.${first.column} … || after.${first.column} …\`, or look at \`op\`.`,
      first.at,
    ),
  ];
}

/** The epoch belongs to the table: any rule about the same tables may raise it. */
function fixedEpoch(located: LocatedRule, all: readonly LocatedRule[]): Problem[] {
  const { effective, document } = located;
  const keys = keysOf(located).filter(({ template }) => usesEpoch(template));
  // Few rules have one, and looking at all others costs.
  if (keys.length === 0) return [];
  const tables = new Set(effective.rule.table.map(({ text }) => text));
  const isRaised = all.some(
    ({ effective: other }) =>
      other.rule.table.some(({ text }) => tables.has(text)) &&
      TABLE_OPERATIONS.some((operation) => other.tableChanges[operation].value === 'epoch'),
  );
  if (isRaised) return [];
  return keys.map(({ path }) =>
    document.problem(
      path,
      `rule \`${effective.rule.name}\`: \`{@epoch}\` is always 0, as nothing raises it`,
      'Add `table_changes: {truncate: epoch}`, or take it out of the key.',
    ),
  );
}
