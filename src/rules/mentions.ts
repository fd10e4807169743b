import type { Path } from '../runtime/config/path.ts';
import { keysOf } from './schema/check-references.ts';
import type { KeyTemplate } from './template/key-template.ts';
import type { RefreshQuery } from './schema/refresh-query.ts';
import type { LocatedRule } from './rule-file.ts';
import type { ColumnUse, Mention, RuleMentions } from './rule-set.ts';
import type { TablePattern } from './table/table-pattern.ts';
import { templateColumns, type TemplateColumn } from './template/template-uses.ts';

interface Named {
  readonly name: string;
  readonly use: ColumnUse;
  readonly path: Path;
  readonly at?: number;
  readonly part?: TemplateColumn;
}

/** Every table pattern and every column a rule names, its keys and its queries, with the place in the file. */
export function mentionsOf(located: LocatedRule): RuleMentions {
  const { effective, document, index } = located;
  const { rule } = effective;
  const base = ['rules', index];
  const place = (path: Path, at?: number): Mention => document.mark(path, at);
  const tables = (patterns: readonly TablePattern[], path: Path): RuleMentions['tables'] =>
    // A single table stands in no list; its nearest ancestor in the document is then the text itself.
    patterns.map((pattern, item) => ({ pattern, ...place([...path, item]) }));
  const refreshes = refreshesOf(located);
  const [firstQuery] = refreshes.filter(({ query }) => query !== undefined);
  const columns = [
    ...inList(rule.columns ?? [], 'columns', [...base, 'columns']),
    ...inCondition(located, [...base, 'when']),
    ...(rule.lookup === undefined ? [] : inQuery(rule.lookup.query, [...base, 'lookup', 'query'])),
    ...keysOf(located).flatMap(({ template, path }) => inTemplate(template, 'key', path)),
    ...(rule.partition_key === undefined
      ? []
      : inTemplate(rule.partition_key, 'partition_key', [...base, 'partition_key'])),
    ...refreshes.flatMap(({ query, row, path }) => [
      ...(query === undefined ? [] : inQuery(query, [...path, 'query'])),
      ...inList(Array.isArray(row) ? row : [], 'row', [...path, 'row']),
    ]),
  ];
  return {
    rule: rule.name,
    place: place([...base, 'name']),
    tables: tables(rule.table, [...base, 'table']),
    columns: columns.map(({ name, use, path, at, part }) => ({ name, use, part: part ?? null, ...place(path, at) })),
    keys: keysOf(located).map(({ template, path }) => ({ template, ...place(path) })),
    query: firstQuery === undefined ? null : place([...firstQuery.path, 'query']),
    lookup:
      rule.lookup === undefined
        ? null
        : {
            ...place([...base, 'lookup', 'query']),
            tables: tables(rule.lookup.tables, [...base, 'lookup', 'tables']),
          },
  };
}

/** Each refresh once, though it may stand for several operations. */
function refreshesOf({ effective }: LocatedRule) {
  const byPath = new Map(effective.actions.map(({ value, path }) => [path.join('\n'), { value, path }]));
  return [...byPath.values()].flatMap(({ value, path }) =>
    value === 'delete' || value.refresh === undefined ? [] : [{ ...value.refresh, path: [...path, 'refresh'] }],
  );
}

const inTemplate = (template: KeyTemplate, use: ColumnUse, path: Path): Named[] =>
  templateColumns(template).map((part) => ({ name: part.column, use, path, at: part.at, part }));

const inList = (names: readonly string[], use: ColumnUse, path: Path): Named[] =>
  names.map((name, item) => ({ name, use, path: [...path, item] }));

const inQuery = ({ parameters, places }: RefreshQuery, path: Path): Named[] =>
  parameters.map((name, item) => ({ name, use: 'parameter', path, at: places[item] ?? 0 }));

/** A column that both images are read for is named once. */
function inCondition({ effective: { rule } }: LocatedRule, path: Path): Named[] {
  if (rule.when === undefined) return [];
  const { before, after } = rule.when.reads;
  const byName = new Map([...after, ...before].map(({ column, at }) => [column, at]));
  return [...byName].map(([name, at]) => ({ name, use: 'when', path, at }));
}
