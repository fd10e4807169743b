import { columnFor } from '../../src/decode/canonical-text.ts';
import type { Flavour } from '../../src/model/position.ts';
import { GENERATED, table } from './markdown.ts';

/** One kind of column type; the integration tests of types try no type that is not in one of them. */
export interface TypeRow {
  /** As the manual writes them. */
  readonly title: string;
  /** Words of the types, as `Column.type` begins. */
  readonly words: readonly string[];
  readonly text: string;
  readonly json: string;
  /** A type and a value as it is read from a row: what becomes of it is computed. */
  readonly examples: readonly (readonly [string, unknown, Flavour?])[];
}

export const TYPE_ROWS: readonly TypeRow[] = [
  {
    title: '`TINYINT` … `INT`, signed or not',
    words: ['tinyint', 'smallint', 'mediumint', 'int'],
    text: 'decimal digits; `BOOL` is a `TINYINT`: `0` or `1`',
    json: 'number',
    examples: [['int', -5]],
  },
  {
    title: '`BIGINT`, signed or not',
    words: ['bigint'],
    text: 'decimal digits, always exact',
    json: 'number up to ±(2^53 − 1), beyond it a string',
    examples: [['bigint unsigned', '18446744073709551615']],
  },
  {
    title: '`DECIMAL(p,s)`',
    words: ['decimal'],
    text: 'all `s` decimals',
    json: 'string',
    examples: [['decimal', '1.50']],
  },
  {
    title: '`FLOAT`',
    words: ['float'],
    text: 'at most six digits, as the server prints it ¹',
    json: 'number',
    examples: [['float', Math.fround(1.1)], ['float', 1e14], ['float', 1e14, 'mariadb']],
  },
  {
    title: '`DOUBLE`',
    words: ['double'],
    text: 'the shortest digits that read back the same ¹',
    json: 'number',
    examples: [['double', 0.1], ['double', 1e15]],
  },
  {
    title: '`BIT(n)`',
    words: ['bit'],
    text: 'the number in decimal, `CAST(c + 0 AS CHAR)`',
    json: 'number, beyond 2^53 a string',
    examples: [['bit', 5]],
  },
  {
    title: '`CHAR`, `VARCHAR`, `TINYTEXT` … `LONGTEXT`, of every character set, and `COMPRESSED` on MariaDB',
    words: ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'],
    text: 'the text; `CHAR` without trailing spaces ²',
    json: 'string',
    examples: [['varchar', 'blue']],
  },
  {
    title: '`BINARY`, `VARBINARY`, `TINYBLOB` … `LONGBLOB`',
    words: ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'],
    text: 'lower-case hexadecimal, `LOWER(HEX(c))`; `BINARY` at its full length',
    json: 'string',
    examples: [['blob', Buffer.from([0, 255])]],
  },
  {
    title: '`ENUM`',
    words: ['enum'],
    text: 'the member; the empty string for the error value 0; of a binary one that is no text as MySQL shows it in the type, `x\'ff\'`',
    json: 'string',
    examples: [['enum', 'small']],
  },
  {
    title: '`SET`',
    words: ['set'],
    text: 'the members in the order of the definition, with commas',
    json: 'string',
    examples: [['set', 'a,c']],
  },
  {
    title: '`DATE`',
    words: ['date'],
    text: '`YYYY-MM-DD`; zero dates as they are',
    json: 'string',
    examples: [['date', '2024-02-29'], ['date', '0000-00-00']],
  },
  {
    title: '`DATETIME(f)`',
    words: ['datetime'],
    text: '`YYYY-MM-DD hh:mm:ss` and `f` decimals',
    json: 'string',
    examples: [['datetime', '2024-02-29 01:02:03.004']],
  },
  {
    title: '`TIMESTAMP(f)`',
    words: ['timestamp'],
    text: 'the same, **in UTC**, until 2106 (MariaDB 11.5 and later)',
    json: 'string',
    examples: [['timestamp', '2024-03-31 02:30:00']],
  },
  {
    title: '`TIME(f)`',
    words: ['time'],
    text: '`[-]hh:mm:ss` and `f` decimals, up to `838:59:59`',
    json: 'string',
    examples: [['time', '-00:01:00']],
  },
  {
    title: '`YEAR`',
    words: ['year'],
    text: 'four digits',
    json: 'number; `0000` is `0`',
    examples: [['year', '2024'], ['year', '0000']],
  },
  {
    title: '`JSON` (MySQL)',
    words: ['json'],
    text: 'the document as the server prints it ³',
    json: 'the document; integers beyond 2^53 as strings',
    examples: [['json', '{"a": [1, 2.0]}'], ['json', '{"d": 1.50}']],
  },
  {
    title: '`JSON` (MariaDB)',
    words: ['longtext'],
    text: 'the text as it was stored: to the server it is a `LONGTEXT`',
    json: '**string**',
    examples: [['longtext', '{"a":1}', 'mariadb']],
  },
  {
    title: '`VECTOR(n)` (MySQL)',
    words: ['vector'],
    text: 'as `VECTOR_TO_STRING(c)` prints it: six digits of each number',
    json: 'list of numbers, with the digits of a `FLOAT`',
    examples: [['vector', Buffer.from('0000803f000020c0', 'hex')]],
  },
  {
    title: '`POINT`, `GEOMETRY`, …',
    words: ['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection'],
    text: 'coordinates as JSON text ⁴',
    json: 'the same as JSON',
    examples: [['point', { x: 1, y: 2.5 }]],
  },
  {
    title: '`UUID`, `INET4`, `INET6`, `VECTOR(n)` (MariaDB)',
    words: ['binary'],
    text: 'hexadecimal of the bytes, as the log tells no more than `BINARY` ⁵',
    json: 'string',
    examples: [['binary', Buffer.from([1, 2, 3, 4]), 'mariadb']],
  },
]; // prettier-ignore

export function typesPage(): string {
  const rows = TYPE_ROWS.map(({ title, text, json, examples }) => [title, text, json, examples.map(shown).join(', ')]);
  return `${GENERATED}

# Column types

What a column value looks like in a key template (\`product:{id}\`) and in JSON (a refreshed value, a record, a query
parameter).

- The **canonical text** is what \`CAST(column AS CHAR)\` gives in a session with time zone UTC, so a key that the
  application builds in SQL and a key that Sluice builds are the same. Types whose \`CAST\` is not text (binary strings,
  \`BIT\`, vectors, geometry) have a form of their own.
- The **JSON value** is a number where a number is exact, else the canonical text; a JSON column is its document.
- \`NULL\` has neither: a rule says what happens with it.
- Generated and invisible columns are columns like others.

Every row of the table is tested by inserting, updating and deleting edge values and comparing with the server, on
MySQL 9.7, MariaDB 10.11 and 11.8 (\`test/integration/source/types\`); the examples are computed.

${table(['type', 'canonical text', 'JSON value', 'example (text → JSON)'], rows)}

## Limits

1. \`FLOAT\` and \`DOUBLE\` depend on the flavour for very small and very large values, because the servers do. Six digits
   of a \`FLOAT\` are not all of it: 16777216 and 16777217 both print \`16777200\`. Real numbers make poor keys.
2. Every character of every character set is what the server converts it to; one that Unicode does not have is a \`?\`, as there.
   \`'A'\` and \`'a'\` are two keys, even where the collation of the column takes them for one.
3. JSON \`null\` is the text \`null\`, not SQL \`NULL\`. A \`BLOB\` or \`BIT\` inside a document is
   \`"base64:type…:…"\`, as the server prints it.
4. Neither the kind of geometry nor its SRID is part of it: a line and a multipoint with the same points are equal. Coordinates
   are as they are stored, so a geographic \`x\` is the longitude.
5. On MariaDB rows of these types differ from \`CAST(c AS CHAR)\`: a \`UUID\` has no hyphens, an \`INET4\` no dots.
6. What only changes how a number is shown is not in the log: \`INT(8) ZEROFILL\` is \`42\`, not \`00000042\`, and \`DOUBLE(9,3)\` is
   \`1.5\`, not \`1.500\`.

## Rows that do not say everything

- **\`binlog_row_image=MINIMAL\` or \`NOBLOB\`** in a session: after an update, a column that is not in the log did not change.
  A rule that needs a column which neither image has cannot use the row; it becomes a
  [dead letter](operations.md#dead-letters).
- **Partial updates of JSON** (\`binlog_row_value_options=PARTIAL_JSON\`) are applied to the document before.
- **Compressed transactions** and compressed events are read like others.
- **System-versioned tables** of MariaDB log a DELETE as an update that ends the row's period, and an UPDATE also as an insert of the row
  that is history now. Neither says so. \`delete\` and a refresh by query, for every update, are right for them. What could store a row that is
  gone, or overlook that it went (\`refresh: { row: true }\`, \`columns\`, \`when\`, an \`on\` without \`update\`), is refused by
  \`check --live\`, by each start at which the source answers, and by a reload. Not found are tables that the account may not read (on
  MariaDB grant it SELECT on all tables of rules), and those that become system-versioned while Sluice runs, until the next start.

Not readable at all, with \`SOURCE_DECODE\`: statements logged as text, tables logged without full metadata, rows of
a type, character set or compression that Sluice does not know, and on MariaDB dates in the format of version 5.3
(\`ALTER TABLE … FORCE\` writes them anew; \`sluice check --live\` finds them beforehand).
`;
}

function shown([type, value, flavour = 'mysql']: TypeRow['examples'][number]): string {
  const column = columnFor({ name: 'c', columnType: type, charset: null }, flavour);
  const where = flavour === 'mariadb' && type !== 'longtext' && type !== 'binary' ? ' (MariaDB)' : '';
  return `\`${column.text(value)}\` → \`${JSON.stringify(column.json(value))}\`${where}`;
}
