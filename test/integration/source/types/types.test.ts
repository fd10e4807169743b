import type { Pool, RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import type { RowChange } from '../../../../src/model/row-change.ts';
import { charsetOf } from '../../../../src/decode/binlog/charset.ts';
import { typeInWords } from '../../../../src/decode/canonical-text.ts';
import { TYPE_ROWS } from '../../../../docs/generators/types.ts';
import { collect, openDatabase, openSource, startAtNow, withNewerMariadb } from '../fixture.ts';
import { CHARSET_CASES } from './charset-cases.ts';
import { EVERY_TYPE } from './json-cases.ts';
import { TYPE_CASES } from './type-cases.ts';
import type { TypeCase } from './type-case.ts';

const openServer = withNewerMariadb();

type Texts = (string | null)[];

const SERVERS = ['mysql', 'mariadb', 'mariadb-11.8'] as const;
const casesOf = (server: (typeof SERVERS)[number]): TypeCase[] =>
  TYPE_CASES.filter(({ on = server }) => on === server || server.startsWith(`${on}-`));

/** Rows are inserted, moved to other ids, and deleted; returns the texts that the server gives them. */
async function writeRows(pool: Pool, table: string, type: TypeCase): Promise<Texts> {
  const { values, columns = [], more, options = '' } = type;
  const connection = await pool.getConnection();
  await connection.query("SET SESSION sql_mode='', time_zone='+00:00'");
  const definitions = ['id INT PRIMARY KEY', `c ${type.type}`, ...(more === undefined ? [] : [more])].join(', ');
  await connection.query(`CREATE TABLE ${table} (${definitions}) ${options}`);
  const nulls = /NOT NULL|SERIAL/.test(type.type) ? [] : ['NULL'];
  const rows = [...values, ...nulls].map((value, index) => `(${index + 1}, ${value})`);
  const named = columns.length === 0 ? '' : `(${columns.join(', ')})`;
  if (values.length > 0) await connection.query(`INSERT INTO ${table} ${named} VALUES ${rows.join(', ')}`);
  // A generated column.
  else await connection.query(`INSERT INTO ${table} (id) VALUES (1), (2)`);
  const expected = await expectedTexts(pool, table, type);
  await connection.query(`UPDATE ${table} SET id = id + 1000 ORDER BY id; DELETE FROM ${table} ORDER BY id`);
  connection.release();
  return expected;
}

async function expectedTexts(pool: Pool, table: string, type: TypeCase): Promise<Texts> {
  const { equals = 'CAST(c AS CHAR)', texts } = type;
  if (texts !== undefined) return [...texts, null];
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT ${equals} AS text FROM ${table} ORDER BY id`);
  return rows.map((row) => (row['text'] === null ? null : String(row['text'])));
}

const textsOf = (changes: readonly RowChange[], image: 'before' | 'after'): Texts =>
  changes.map((change) => {
    const value = change[image]?.['c'];
    const column = change.table.columnsByName.get('c');
    return value === null || value === undefined || column === undefined ? null : column.text(value);
  });

it.each(SERVERS)('gives every type on %s the text that the server gives it', { timeout: 180_000 }, async (server) => {
  const address = await openServer(server);
  const { pool, database } = await openDatabase(address);
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const cases = casesOf(server).map((type, index) => ({ ...type, table: `t${index}` }));
  if (server === 'mysql') await pool.query(EVERY_TYPE);
  const expected = new Map<string, Texts>();
  for (const type of cases) expected.set(type.table, await writeRows(pool, type.table, type));
  await pool.query('CREATE TABLE done (id INT); INSERT INTO done VALUES (1)');
  const { changes } = await collect(source, from, { database, enough: (all) => all.at(-1)?.table.name === 'done' });
  const differences: unknown[] = [];
  for (const { table, type } of cases) {
    const own = changes.filter((change) => change.table.name === table);
    const of = (operation: string): RowChange[] => own.filter((change) => change.operation === operation);
    for (const [when, got] of [
      ['insert', textsOf(of('insert'), 'after')],
      ['update before', textsOf(of('update'), 'before')],
      ['update after', textsOf(of('update'), 'after')],
      ['delete', textsOf(of('delete'), 'before')],
    ] as const) {
      const wanted = expected.get(table) ?? [];
      for (let index = 0; index < Math.max(wanted.length, got.length); index++) {
        if (wanted[index] !== got[index]) differences.push({ type, when, wanted: wanted[index], got: got[index] });
      }
    }
  }
  expect(differences).toEqual([]);
});

it('tries every type that docs/types.md names, and no other', () => {
  const named = new Set(TYPE_ROWS.flatMap(({ words }) => words));
  const aliases = new Map([['bool', 'tinyint'], ['serial', 'bigint'], ['geometrycollection', 'geomcollection']]);
  const words = TYPE_CASES.map(({ type }) => typeInWords(type.toLowerCase()).split(' ')[0] ?? '');
  const tried = new Set(words.map((word) => aliases.get(word) ?? word));
  expect([...named].filter((word) => !tried.has(word))).toEqual([]);
  // To the log they are BINARY.
  const others = ['uuid', 'inet4', 'inet6'];
  expect([...tried].filter((word) => !named.has(word) && !others.includes(word))).toEqual([]);
}); // prettier-ignore

describe.each(SERVERS)('character sets of %s', (server) => {
  const ask = async (sql: string): Promise<RowDataPacket[]> => {
    const { pool } = await openDatabase(await openServer(server));
    return (await pool.query<RowDataPacket[]>(sql))[0];
  };

  it('are tried, each of them', async () => {
    const tried = new Set(CHARSET_CASES.map(({ type }) => / CHARACTER SET (\w+)/.exec(type)?.[1]));
    const listed = (await ask('SHOW CHARACTER SET')).map((row) => String(row['Charset']));
    expect(listed.filter((name) => !tried.has(name))).toEqual([]);
  });

  it('are found by the collation that the log names', async () => {
    const applicability = 'SELECT ID AS id, CHARACTER_SET_NAME AS name FROM INFORMATION_SCHEMA.COLLATION_CHARACTER_SET_APPLICABILITY';
    const collations = 'SELECT ID AS id, CHARACTER_SET_NAME AS name FROM INFORMATION_SCHEMA.COLLATIONS';
    const rows = await ask(server === 'mysql' ? collations : applicability);
    expect(rows.length).toBeGreaterThan(200);
    const wrong = rows.filter(({ id, name }) => (charsetOf(Number(id)) ?? 'binary') !== name);
    expect(wrong).toEqual([]);
  });
}); // prettier-ignore
