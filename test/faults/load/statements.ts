/** Single changes of single tables, which transactions are made of. */
import type { PoolConnection } from 'mysql2/promise';
import type { Random } from '../random.ts';
import { CATEGORIES, CUSTOMERS, HOT, ROWS, TABLES, TABLE_NAMES, type TableName } from './tables.ts';

export interface Target {
  readonly connection: PoolConnection;
  readonly database: string;
  readonly random: Random;
}

type Change = (target: Target) => Promise<void>;

const startMs = Date.now();
let inserted = 0;

/** Beyond whatever the counter of a row that had this id before has reached: updates add one, this adds a thousand per ms. */
export function freshCounter(): number {
  return (Date.now() - startMs) * 1000 + (inserted++ % 1000);
}

export function anyId(random: Random): number {
  return random.chance(0.3) ? random.pick(HOT) : random.int(1, ROWS);
}

export function valueOf(column: string, random: Random): string | number {
  if (column === 'category') return random.int(1, CATEGORIES);
  if (column === 'customer') return random.int(1, CUSTOMERS);
  return `${column}-${random.int(1, 40)}`;
}

function columnsOf(table: TableName): string[] {
  return ['id', 'n', ...TABLES[table].more];
}

/** A row for the table, ready for INSERT. */
export function rowFor(table: TableName, id: number, random: Random): (string | number)[] {
  return [id, freshCounter(), ...TABLES[table].more.map((column) => valueOf(column, random))];
}

async function insert(verb: string, { connection, database, random }: Target, end = ''): Promise<void> {
  const table = random.pick(TABLE_NAMES);
  const columns = columnsOf(table).join(', ');
  const row = rowFor(table, anyId(random), random);
  await connection.query(`${verb} INTO ${database}.${table} (${columns}) VALUES (?) ${end}`, [row]);
}

const update: Change = async ({ connection, database, random }) => {
  await connection.query(`UPDATE ${database}.${random.pick(TABLE_NAMES)} SET n = n + 1 WHERE id = ${anyId(random)}`);
};

const bulk: Change = async ({ connection, database, random }) => {
  const first = random.int(1, ROWS);
  const range = `BETWEEN ${first} AND ${first + random.int(5, 40)}`;
  await connection.query(`UPDATE ${database}.${random.pick(TABLE_NAMES)} SET n = n + 1 WHERE id ${range}`);
};

/** A column that keys are made of: the old key and the new one change. */
const move: Change = async ({ connection, database, random }) => {
  const [table, column] = random.pick([
    ['items', 'category'],
    ['items', 'code'],
    ['orders', 'customer'],
  ] as const);
  const sql = `UPDATE ${database}.${table} SET n = n + 1, ${column} = ? WHERE id = ?`;
  await connection.query(sql, [valueOf(column, random), anyId(random)]);
};

/** The row takes an id that is free, with a counter beyond that of whoever had it. */
const renumber: Change = async ({ connection, database, random }) => {
  const table = random.pick(TABLE_NAMES);
  const sql = `UPDATE IGNORE ${database}.${table} SET id = ?, n = ? WHERE id = ?`;
  await connection.query(sql, [random.int(1, ROWS), freshCounter(), anyId(random)]);
};

const remove: Change = async ({ connection, database, random }) => {
  await connection.query(`DELETE FROM ${database}.${random.pick(TABLE_NAMES)} WHERE id = ${random.int(1, ROWS)}`);
};

const again: Change = async ({ connection, database, random }) => {
  const table = random.pick(TABLE_NAMES);
  const id = anyId(random);
  await connection.query(`DELETE FROM ${database}.${table} WHERE id = ${id}`);
  const columns = columnsOf(table).join(', ');
  await connection.query(`INSERT INTO ${database}.${table} (${columns}) VALUES (?)`, [rowFor(table, id, random)]);
};

const CHANGES: readonly { readonly weight: number; readonly change: Change }[] = [
  { weight: 30, change: update },
  { weight: 4, change: bulk },
  { weight: 10, change: move },
  { weight: 3, change: renumber },
  { weight: 3, change: remove },
  { weight: 5, change: again },
  { weight: 6, change: (target) => insert('INSERT IGNORE', target) },
  { weight: 6, change: (target) => insert('INSERT', target, 'ON DUPLICATE KEY UPDATE n = n + 1') },
  { weight: 6, change: (target) => insert('REPLACE', target) },
];

export async function changeSomething(target: Target): Promise<void> {
  await target.random.weighted(CHANGES).change(target);
}
