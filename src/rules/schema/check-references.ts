import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { formatPath } from '../../runtime/config/path.ts';
import { shown } from '../../runtime/config/shown.ts';
import type { YamlDocument } from '../../runtime/config/yaml-document.ts';
import type { Problem } from '../../runtime/errors.ts';
import type { Constants } from './constants.ts';
import { TABLE_OPERATIONS, type EffectiveRule } from './effective-rule.ts';
import type { HalfRule, PlacedTemplate } from './half-rules.ts';
import { unnamedTables } from './lookup-tables.ts';
import { requireFixedText } from '../template/key-template.ts';
import { countsUpdates } from './rule-schema.ts';
import { substituteConstants } from '../template/template-constants.ts';
import { templateLookups, templateVariables, usesEpoch } from '../template/template-uses.ts';

export interface Checked {
  readonly document: YamlDocument;
  readonly effective: EffectiveRule;
  /** Null: there are mistakes in them, so nobody can say which there are meant to be. */
  readonly constants: Constants | null;
  /** The rule's place in the document's list. */
  readonly index: number;
}

/** What a rule names that stands elsewhere: constants, captures, the lookup, the epoch, and what defaults bring in. */
export function checkReferences(checked: Checked): Problem[] {
  const keys = keysOf(checked);
  const all = [...keys, ...partitionKeyOf(checked), ...tableChangeKeys(checked.effective)];
  return [
    ...sharedNames(checked),
    ...templateReferences(checked, { ...halfOf(checked), templates: all }),
    ...unusedLookup(checked, all),
    ...unnamedTables(checked),
    ...epochs(checked, keys),
    ...columnsWithoutUpdates(checked),
  ];
}

/** What templates name that stands elsewhere, whatever else is wrong with their rule. */
export function templateReferences(checked: Pick<Checked, 'document' | 'constants'>, half: HalfRule): Problem[] {
  return [
    ...variables(checked, half),
    ...substituted(checked, half.templates),
    ...(half.hasLookup ? [] : missingLookup(checked, half)),
  ];
}

const halfOf = ({ effective: { rule }, index }: Checked): Omit<HalfRule, 'templates'> => ({
  index,
  patterns: rule.table,
  hasLookup: rule.lookup !== undefined,
});

export function keysOf({ effective, index }: Pick<Checked, 'effective' | 'index'>): PlacedTemplate[] {
  return effective.rule.keys.map((template, key) => ({ template, path: ['rules', index, 'keys', key], isKey: true }));
}

function partitionKeyOf({ effective, index }: Checked): PlacedTemplate[] {
  const template = effective.rule.partition_key;
  return template === undefined ? [] : [{ template, path: ['rules', index, 'partition_key'], isKey: false }];
}

function tableChangeKeys({ tableChanges }: EffectiveRule): PlacedTemplate[] {
  return TABLE_OPERATIONS.flatMap((operation) => {
    const { value, path } = tableChanges[operation];
    if (typeof value === 'string' || path === null) return [];
    return value.delete.map((template, key) => ({ template, path: [...path, 'delete', key], isKey: true }));
  });
}

/** `{$year}` would mean two things. */
function sharedNames({ document, effective, constants, index }: Checked): Problem[] {
  const captures = new Set(effective.rule.table.flatMap(({ captureNames }) => captureNames));
  return [...(constants?.keys() ?? [])]
    .filter((name) => captures.has(name))
    .map((name) => {
      const path = ['rules', index, 'table'];
      const message = `\`${formatPath(path)}\`: \`${name}\` is a constant and a capture`;
      return document.problem(path, message, 'Give one of them another name.');
    });
}

type Names = Pick<Checked, 'document' | 'constants'>;

function variables({ document, constants }: Names, { templates, patterns }: HalfRule): Problem[] {
  if (patterns === null) return [];
  const everywhere = (name: string): boolean => patterns.every(({ captureNames }) => captureNames.includes(name));
  return templates.flatMap(({ template, path }) =>
    templateVariables(template).flatMap(({ name, at }) => {
      if (constants === null || constants.has(name) || everywhere(name)) return [];
      const without = patterns.find(({ captureNames }) => !captureNames.includes(name));
      const problem = (message: string, remedy: string): Problem[] => [
        document.problem(path, `\`${formatPath(path)}\`: ${message}`, remedy, at),
      ];
      if (without !== undefined && patterns.some(({ captureNames }) => captureNames.includes(name))) {
        const remedy = 'Every pattern of the rule must have it; or write one rule for each.';
        return problem(`\`${shown(without.text)}\` has no capture \`${shown(name)}\``, remedy);
      }
      const known = [...constants.keys(), ...new Set(patterns.flatMap(({ captureNames }) => captureNames))];
      const remedy =
        didYouMean(name, known) ??
        `Name it in \`constants\`, or capture it in \`table\`: /shop_(?<${asName(name)}>\\d+)\\.orders/.`;
      return problem(`\`$${shown(name)}\` is neither a constant nor a capture of \`table\``, remedy);
    }),
  );
}

const asName = (name: string): string => (/^[a-z_]\w{0,30}$/i.test(name) ? name : 'name');

/** What constants do to a template: a filter may refuse their text, and of an empty one no fixed text may be left. */
function substituted({ document, constants }: Names, templates: readonly PlacedTemplate[]): Problem[] {
  return templates.flatMap(({ template, path, isKey }) => {
    const names = templateVariables(template).map(({ name }) => name);
    // Without its constant there is nothing to say of the key.
    if (constants === null || names.some((name) => constants.get(name) === null)) return [];
    const literal = substituteConstants(template, texts(constants));
    const checked = 'ok' in literal && isKey ? requireFixedText(literal.ok) : literal;
    if ('ok' in checked) return [];
    return checked.problems.map(({ at, message, remedy }) =>
      document.problem(path, `\`${formatPath(path)}\`: ${message}`, remedy, at),
    );
  });
}

/** Those that could be read. */
export function texts(constants: Constants): Readonly<Record<string, string>> {
  return Object.fromEntries([...constants].flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])));
}

function missingLookup({ document }: Names, { templates }: HalfRule): Problem[] {
  return templates.flatMap(({ template, path }) =>
    templateLookups(template).map(({ name, at }) => {
      const message = `\`${formatPath(path)}\`: \`lookup.${shown(name)}\` needs a \`lookup\`, and the rule has none`;
      return document.problem(path, message, 'Add `lookup:` with a `query` and the `tables` it reads.', at);
    }),
  );
}

function unusedLookup({ document, effective, index }: Checked, templates: readonly PlacedTemplate[]): Problem[] {
  const isUsed = templates.some(({ template }) => templateLookups(template).length > 0);
  if (effective.rule.lookup === undefined || isUsed) return [];
  const path = ['rules', index, 'lookup'];
  const message = `\`${formatPath(path)}\`: nothing uses what it finds`;
  return [document.problem(path, message, 'Use it, as in {lookup.customer_id}, or remove it.', 'key')];
}

/** A raise must make every key of the rule unreachable. */
function epochs({ document, effective }: Checked, keys: readonly PlacedTemplate[]): Problem[] {
  const raised = TABLE_OPERATIONS.filter((operation) => effective.tableChanges[operation].value === 'epoch');
  if (raised.length === 0) return [];
  return keys
    .filter(({ template }) => !usesEpoch(template))
    .map(({ path }) => {
      const message = `\`${formatPath(path)}\`: this key has no \`{@epoch}\`, so \`table_changes: epoch\` would leave it as it is`;
      const remedy = 'Put `{@epoch}` into it, or move it to a rule with `table_changes: flush`.';
      return document.problem(path, message, remedy);
    });
}

/** An `on` of the rule itself is looked at by the schema. */
function columnsWithoutUpdates({ document, effective, index }: Checked): Problem[] {
  const { rule, actions } = effective;
  const counts = actions.map(({ operation }) => operation);
  if (rule.columns === undefined || rule.on !== undefined || counts.length === 0 || countsUpdates(counts)) return [];
  const path = ['rules', index, 'columns'];
  const message = `\`${formatPath(path)}\`: only matters for updates, which the \`on\` of \`defaults\` leaves out`;
  return [document.problem(path, message, 'Remove `columns`, or give the rule an `on` of its own.')];
}
