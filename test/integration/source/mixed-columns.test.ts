/** What the log says of columns it says in lists: of each type only some columns count, and on each server others. */
import type { RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import type { RowChange } from '../../../src/model/row-change.ts';
import { addressOf, collect, openDatabase, openSource, startAtNow } from './fixture.ts';

/** A type, and a value of it. */
type Odd = readonly [type: string, value: string];

const BOTH: readonly Odd[] = [
  ['INT', '1'],
  ['YEAR', '1999'],
  ['DECIMAL(10,2)', '1.5'],
  ['BIT(9)', "b'101'"],
  ['DATETIME(3)', "'2024-02-29 01:02:03.004'"],
  ['JSON', '\'{"a": [1, 2]}\''],
  ['BLOB', "x'00ff'"],
  ['VARBINARY(9)', "x'00ff'"],
  ["ENUM('é','b') CHARACTER SET latin1", "'é'"],
  ["ENUM('a','b') CHARACTER SET binary", "'a'"],
  ["SET('ж','щ') CHARACTER SET koi8r", "'ж,щ'"],
  ['GEOMETRY', "ST_GeomFromText('POINT(1 2)')"],
  ['POINT', "ST_GeomFromText('POINT(1 2)')"],
];
const ODD: Readonly<Record<'mysql' | 'mariadb', readonly Odd[]>> = {
  mysql: [...BOTH, ['VECTOR(3)', "STRING_TO_VECTOR('[1,2,3]')"]],
  mariadb: [
    ...BOTH,
    ['UUID', "'123e4567-e89b-12d3-a456-426655440000'"],
    ['INET4', "'1.2.3.4'"],
    ['INET6', "'fe80::1'"],
    ['VARCHAR(200) COMPRESSED', "'packed'"],
    ['TEXT COMPRESSED', "'packed'"],
  ],
};
/** How a table ends that has columns that nobody sees: some are in the log, and some are not. */
const HIDDEN: Readonly<Record<'mysql' | 'mariadb', Readonly<Record<string, string>>>> = {
  mysql: { 'odd0 JSON': ", KEY ((CAST(odd0->'$.a' AS UNSIGNED ARRAY))))" },
  mariadb: { 'odd0 JSON': ', UNIQUE (odd0))', 'odd0 INT': ') WITH SYSTEM VERSIONING' },
};
/** Behind each odd column: texts of three character sets, numbers with and without a sign, one more list of members. */
const PLAIN = [
  'l VARCHAR(20) CHARACTER SET latin1',
  'u TEXT CHARACTER SET utf8mb4',
  'k CHAR(9) CHARACTER SET koi8r',
  'big BIGINT UNSIGNED',
  'small TINYINT',
  "e ENUM('ü','ß') CHARACTER SET latin1",
];
const VALUES = "'é€', 'ä😀', 'жщ', 18446744073709551615, -1, 'ß'";
const NAMES = ['l', 'u', 'k', 'big', 'small', 'e'];

function shapesOf(odd: readonly Odd[]): { columns: string[]; values: string[] }[] {
  const alone = odd.map((each) => [each]);
  const twice = odd.map((each) => [each, each]);
  // The log has two forms of these lists, and the server takes the shorter one.
  const many = odd.map((each) => Array.from({ length: 9 }, () => each));
  return [...alone, ...twice, ...many, odd, [...odd].reverse()].map((types) => ({
    columns: types.map(([type], index) => `odd${index} ${type}`),
    values: types.map(([, value]) => value),
  }));
}

it.each(['mysql', 'mariadb'] as const)('no column gets what belongs to its neighbour, on %s', async (server) => {
  const address = await addressOf(server);
  const { pool, database } = await openDatabase(address);
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const shapes = shapesOf(ODD[server]);
  const expected: unknown[] = [];
  for (const [index, { columns, values }] of shapes.entries()) {
    const end = HIDDEN[server][columns.length === 1 ? (columns[0] ?? '') : ''] ?? ')';
    const all = [...columns, ...PLAIN].join(', ');
    await pool.query(`CREATE TABLE t${index} (id INT UNSIGNED PRIMARY KEY, ${all}${end}`);
    await pool.query(`INSERT INTO t${index} VALUES (4294967295, ${[...values, VALUES].join(', ')})`);
    const texts = NAMES.map((name) => `CAST(${name} AS CHAR) AS ${name}`).join(', ');
    const [[row]] = await pool.query<RowDataPacket[]>(`SELECT ${texts} FROM t${index}`);
    expected.push({ odd: columns.join(', '), ...row });
  }
  const { changes } = await collect(source, from, { database, enough: ({ length }) => length >= shapes.length });
  const got = changes.map(({ after, table }: RowChange, index) => ({
    odd: shapes[index]?.columns.join(', '),
    ...Object.fromEntries(NAMES.map((name) => [name, table.columnsByName.get(name)?.text(after?.[name])])),
  }));
  expect(got).toEqual(expected);
});
