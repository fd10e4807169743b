import type { Path } from '../runtime/config/path.ts';
import { templateColumns, type KeyTemplate } from './key-template.ts';
import type { LocatedRule } from './rule-file.ts';
import type { RuleMentions } from './rule-set.ts';

interface Named {
  readonly name: string;
  readonly path: Path;
  readonly at?: number;
}

/** Every table pattern and every column a rule names, and its query, with the place in the file. */
export function mentionsOf({ rule, document, index }: LocatedRule): RuleMentions {
  const base = ['rules', index];
  const place = (path: Path, at?: number) => ({ file: document.file, ...document.locate([...base, ...path], at) });
  const inTemplate = (template: KeyTemplate, path: Path): Named[] =>
    templateColumns(template).map(({ column, at }) => ({ name: column, path, at }));
  const inList = (names: readonly string[], path: Path): Named[] =>
    names.map((name, item) => ({ name, path: [...path, item] }));

  const refresh = rule.action === 'delete' ? undefined : rule.action.refresh;
  const { query } = refresh ?? {};
  const columns = [
    ...inList(rule.columns ?? [], ['columns']),
    ...rule.keys.flatMap((key, item) => inTemplate(key, ['keys', item])),
    ...(rule.partition_key === undefined ? [] : inTemplate(rule.partition_key, ['partition_key'])),
    ...(query?.parameters ?? []).map((name, item) => ({
      name,
      path: ['action', 'refresh', 'query'],
      at: query?.places[item] ?? 0,
    })),
    ...inList(Array.isArray(refresh?.row) ? refresh.row : [], ['action', 'refresh', 'row']),
  ];
  return {
    rule: rule.name,
    // A single table stands in no list; its nearest ancestor in the document is then the text itself.
    tables: rule.table.map((pattern, item) => ({ pattern, ...place(['table', item]) })),
    columns: columns.map(({ name, path, at }: Named) => ({ name, ...place(path, at) })),
    query: query === undefined ? null : place(['action', 'refresh', 'query']),
  };
}
