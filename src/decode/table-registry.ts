import type { TableMapEvent } from '../model/binlog-event.ts';
import type { Flavour } from '../model/position.ts';
import type { Table } from '../model/row-change.ts';
import { columnFor } from './canonical-text.ts';

/** More names than any schema has; beyond it the registry forgets all and builds anew. */
const MAX_TABLES = 20_000;

/**
 * Which table a table id means at this point of the log.
 * The same definition always gives the same `Table` object, whatever the id, and across
 * files: rules compile functions per `Table`, so a new object for an unchanged table would throw that work away.
 */
export class TableRegistry {
  /** Valid until they are forgotten; ids begin anew when the server restarts. */
  readonly #byId = new Map<number, Table>();
  readonly #byName = new Map<string, { readonly definition: string; readonly table: Table }>();
  readonly #flavour: Flavour;

  constructor(flavour: Flavour) {
    this.#flavour = flavour;
  }

  /** A definition for an id; replaces what the id meant before. */
  define(event: TableMapEvent): void {
    const name = `${event.schemaName}.${event.tableName}`;
    const definition = JSON.stringify([event.schemaName, event.tableName, event.columns, event.primaryKey ?? []]);
    let entry = this.#byName.get(name);
    if (entry?.definition !== definition) {
      entry = { definition, table: build(event, this.#flavour) };
      if (this.#byName.size >= MAX_TABLES) this.#byName.clear();
      this.#byName.set(name, entry);
    }
    this.#byId.set(event.tableId, entry.table);
  }

  byId(tableId: number): Table | undefined {
    return this.#byId.get(tableId);
  }

  /** The log goes on in another file, where ids may mean something else; or whoever reads the events has forgotten them too. */
  forgetIds(): void {
    this.#byId.clear();
  }
}

function build(event: TableMapEvent, flavour: Flavour): Table {
  const columns = event.columns.map((definition, place) => ({ ...columnFor(definition, flavour), place }));
  return {
    database: event.schemaName,
    name: event.tableName,
    columns,
    columnsByName: new Map(columns.map((column) => [column.name, column])),
    primaryKey: (event.primaryKey ?? []).flatMap((index) => columns[index]?.name ?? []),
  };
}
