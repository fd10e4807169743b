import type { LiveColumn, LiveTable } from '../../src/rules/check/live-table.ts';

/**
 * A table of `name type` columns as a server describes it: `varchar(20)` has a case-insensitive collation, `varchar(20) bin` has
 * none of that; `null` makes it nullable. `primaryKey` is the first column unless it says else.
 */
export function liveTable(
  fullName: string,
  columns: readonly string[],
  primaryKey?: readonly string[],
  isSystemVersioned = false,
): LiveTable {
  const [database = '', name = ''] = fullName.split('.');
  const described = columns.map(liveColumn);
  const keys = primaryKey ?? described.slice(0, 1).map((c) => c.name);
  return { database, name, columns: described, primaryKey: keys, isSystemVersioned };
}

function liveColumn(text: string): LiveColumn {
  const [name = '', columnType = 'int', ...flags] = text.split(' ');
  const dataType = columnType.replace(/\(.*/s, '');
  const isText = /char|text|enum|set/.test(dataType);
  return {
    name,
    dataType,
    columnType,
    nullable: flags.includes('null'),
    collation: isText ? (flags.includes('bin') ? 'utf8mb4_bin' : 'utf8mb4_0900_ai_ci') : null,
  };
}
