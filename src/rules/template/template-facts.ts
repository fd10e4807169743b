import type { Version } from '../../model/version.ts';
import type { TemplateSource } from './template-part.ts';

/** What a pattern's groups matched, by name and, from '1' on, by number. A group that took no part is the empty text. */
export type Captures = Readonly<Record<string, string>>;

/** What is known of a table before any of its rows is seen. */
export interface TableFacts {
  readonly database: string;
  readonly table: string;
  readonly captures: Captures;
  /** Null: it may be any. */
  readonly epoch: Version | null;
}

/** The text of a placeholder that no row decides; undefined if a row does, or it is not known. */
export function factOf(source: TemplateSource, facts: TableFacts): string | undefined {
  switch (source.kind) {
    case 'table':
      return facts.table;
    case 'database':
      return facts.database;
    case 'epoch':
      return facts.epoch === null ? undefined : String(facts.epoch);
    case 'variable':
      return Object.hasOwn(facts.captures, source.name) ? facts.captures[source.name] : undefined;
    case 'column':
    case 'lookup':
      return undefined;
  }
}
