import type { Pool, RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import type { RowChange } from '../../../src/model/row-change.ts';
import { addressOf, collect, openDatabase, openSource, startAtNow } from './fixture.ts';
import { TYPE_ROWS } from '../../../docs/generators/types.ts';
import { typeInWords } from '../../../src/decode/canonical-text.ts';
import { TYPE_CASES, type TypeCase } from './type-cases.ts';

/** Table per type; rows are inserted, moved to other ids, and deleted. */
async function writeRows(pool: Pool, table: string, { values, columns = [] }: TypeCase): Promise<void> {
  const rows = [...values, 'NULL'].map((value, index) => `(${index + 1}, ${value})`);
  const connection = await pool.getConnection();
  await connection.query("SET SESSION sql_mode='', time_zone='+00:00'");
  const named = columns.length === 0 ? '' : `(${columns.join(', ')})`;
  if (values.length > 0) await connection.query(`INSERT INTO ${table} ${named} VALUES ${rows.join(', ')}`);
  // A generated column.
  else await connection.query(`INSERT INTO ${table} (id) VALUES (1), (2)`);
  connection.release();
}

async function expectedTexts(
  pool: Pool,
  table: string,
  { equals = 'CAST(c AS CHAR)' }: TypeCase,
): Promise<(string | null)[]> {
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT ${equals} AS text FROM ${table} ORDER BY id`);
  return rows.map((row) => (row['text'] === null ? null : String(row['text'])));
}

const texts = (changes: readonly RowChange[], image: 'before' | 'after'): (string | null)[] =>
  changes.map((change) => {
    const value = change[image]?.['c'];
    const column = change.table.columnsByName.get('c');
    return value === null || column === undefined ? null : column.text(value);
  });

it.each(['mysql', 'mariadb'] as const)('gives every type on %s the text that the server gives it', async (server) => {
  const address = await addressOf(server);
  const { pool, database } = await openDatabase(address);
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const cases = TYPE_CASES.filter(({ on = server }) => on === server).map((type, index) => ({
    ...type,
    table: `t${index}`,
  }));
  const expected = new Map<string, (string | null)[]>();
  for (const type of cases) {
    await pool.query(`SET SESSION sql_mode=''; CREATE TABLE ${type.table} (id INT PRIMARY KEY, c ${type.type})`);
    await writeRows(pool, type.table, type);
    expected.set(type.table, await expectedTexts(pool, type.table, type));
    await pool.query(`UPDATE ${type.table} SET id = id + 1000 ORDER BY id; DELETE FROM ${type.table} ORDER BY id`);
  }
  await pool.query('CREATE TABLE done (id INT); INSERT INTO done VALUES (1)');
  const { changes } = await collect(source, from, { database, enough: (all) => all.at(-1)?.table.name === 'done' });
  const differences: unknown[] = [];
  for (const { table, type } of cases) {
    const own = changes.filter((change) => change.table.name === table);
    const of = (operation: string): RowChange[] => own.filter((change) => change.operation === operation);
    for (const [when, got] of [
      ['insert', texts(of('insert'), 'after')],
      ['update before', texts(of('update'), 'before')],
      ['update after', texts(of('update'), 'after')],
      ['delete', texts(of('delete'), 'before')],
    ] as const) {
      const wanted = expected.get(table) ?? [];
      for (let index = 0; index < Math.max(wanted.length, got.length); index++) {
        if (wanted[index] !== got[index]) differences.push({ type, when, wanted: wanted[index], got: got[index] });
      }
    }
  }
  expect(differences).toEqual([]);
});

/** docs/types.md names these: where the canonical text is not what the server prints. */
const LIMITS: readonly {
  readonly type: string;
  readonly value: string;
  readonly text: string;
  readonly server: string;
}[] = [
  { type: 'POINT', value: "ST_GeomFromText('POINT(1 2.5)')", text: '{"x":1,"y":2.5}', server: 'POINT(1 2.5)' },
  {
    type: 'GEOMETRY',
    value: "ST_GeomFromText('LINESTRING(0 0,1 1)')",
    text: '[{"x":0,"y":0},{"x":1,"y":1}]',
    server: 'LINESTRING(0 0,1 1)',
  },
];

it('tries every type that docs/types.md names, and no other', () => {
  const named = new Set(TYPE_ROWS.flatMap(({ words }) => words));
  const tried = TYPE_CASES.map(({ type }) => typeInWords(type.toLowerCase()).split(' ')[0] ?? '');
  const geometry = ['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection'];
  // Tried below.
  const left = [...named].filter((word) => !tried.includes(word) && !geometry.includes(word));
  expect(left).toEqual([]);
  const aliases = ['uuid', 'inet4', 'inet6'];
  expect(tried.filter((word) => !named.has(word) && !aliases.includes(word))).toEqual([]);
}); // prettier-ignore

it('differs from the server where docs/types.md says so, and nowhere else', async () => {
  const address = await addressOf('mysql');
  const { pool, database } = await openDatabase(address);
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const server: unknown[] = [];
  for (const [index, { type, value }] of LIMITS.entries()) {
    await pool.query(`CREATE TABLE t${index} (c ${type}); INSERT INTO t${index} VALUES (${value})`);
    const [rows] = await pool.query<RowDataPacket[]>(`SELECT ST_AsText(c) AS text FROM t${index}`);
    server.push(rows[0]?.['text']);
  }
  const { changes } = await collect(source, from, { database, enough: ({ length }) => length === LIMITS.length });
  expect(server).toEqual(LIMITS.map((limit) => limit.server));
  expect(texts(changes, 'after')).toEqual(LIMITS.map((limit) => limit.text));
});
