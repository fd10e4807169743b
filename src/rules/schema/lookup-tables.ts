import { matchesGlob } from '../../runtime/glob.ts';
import { formatPath } from '../../runtime/config/path.ts';
import { shown } from '../../runtime/config/shown.ts';
import type { YamlDocument } from '../../runtime/config/yaml-document.ts';
import type { Problem } from '../../runtime/errors.ts';
import type { TablePattern } from '../table/table-pattern.ts';
import type { EffectiveRule } from './effective-rule.ts';
import { queryTables, type TableReference } from './query-tables.ts';

interface PlacedRule {
  readonly document: YamlDocument;
  readonly effective: EffectiveRule;
  readonly index: number;
}

/** Nothing is written there by statements that the binary log has, so nothing could be forgotten. */
const OWN: ReadonlySet<string> = new Set(['information_schema', 'performance_schema', 'sys']);

/** Tables that the query of a lookup reads and `tables` does not name: remembered answers would be stale for ever. */
export function unnamedTables({ document, effective: { rule }, index }: PlacedRule): Problem[] {
  const { lookup } = rule;
  if (lookup === undefined) return [];
  const path = ['rules', index, 'lookup', 'query'];
  const said = new Set<string>();
  return queryTables(lookup.query.text).flatMap((reference) => {
    const name = nameOf(reference);
    if (OWN.has(reference.database?.toLowerCase() ?? '') || said.has(name)) return [];
    if (isNamed(reference, lookup.tables, rule.table)) return [];
    said.add(name);
    return [
      document.problem(
        path,
        `\`${formatPath(path)}\`: the lookup reads \`${shown(name)}\`, which \`tables\` does not name`,
        'Add it to `tables`: a change there must make remembered answers forgotten.',
        reference.at,
      ),
    ];
  });
}

/** Tables that are named and not read: most often the name of another one. */
export function unreadTables({ document, effective: { rule }, index }: PlacedRule): Problem[] {
  const { lookup } = rule;
  if (lookup === undefined) return [];
  const references = queryTables(lookup.query.text);
  return lookup.tables.flatMap((pattern, item) => {
    if (references.some((reference) => mayBe(reference, pattern, rule.table))) return [];
    return [
      document.problem(
        ['rules', index, 'lookup', 'tables', item],
        `rule \`${rule.name}\`: the query of the lookup does not read \`${shown(pattern.text)}\``,
        'Remove it; if the query reads it through a view, leave it as it is.',
      ),
    ];
  });
}

/** In each database that the rule's tables may stand in. */
function isNamed(reference: TableReference, patterns: readonly TablePattern[], own: readonly TablePattern[]): boolean {
  return databasesOf(reference, own).every((database) =>
    patterns.some((pattern) => matches(pattern, database, reference.table)),
  );
}

function mayBe(reference: TableReference, pattern: TablePattern, own: readonly TablePattern[]): boolean {
  return databasesOf(reference, own).some((database) => matches(pattern, database, reference.table));
}

/** Null: only the server knows. */
function databasesOf({ database }: TableReference, own: readonly TablePattern[]): readonly (string | null)[] {
  return database !== null ? [database] : [...new Set(own.map(knownDatabase))];
}

/** Some servers tell names apart by their case and some do not; a table that is not there the server refuses. */
function matches(pattern: TablePattern, database: string | null, table: string): boolean {
  const names = split(pattern.text);
  if (names !== null) {
    const fits = (glob: string, text: string): boolean => matchesGlob(glob.toLowerCase(), text.toLowerCase());
    return (database === null || fits(names.database, database)) && fits(names.table, table);
  }
  // An expression without a known database cannot be asked.
  return database === null || pattern.matches(database, table) || pattern.matches(database, table.toLowerCase());
}

function knownDatabase({ text }: TablePattern): string | null {
  const database = split(text)?.database;
  return database === undefined || /[*?]/.test(database) ? null : database;
}

/** A name or a glob; null for an expression. */
function split(text: string): { readonly database: string; readonly table: string } | null {
  if (text.startsWith('/')) return null;
  const dot = text.indexOf('.');
  return { database: text.slice(0, dot), table: text.slice(dot + 1) };
}

const nameOf = ({ database, table }: TableReference): string => (database === null ? table : `${database}.${table}`);
