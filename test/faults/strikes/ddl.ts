/** Changes of the tables themselves, in the middle of the stream. */
import { rowFor } from '../load/statements.ts';
import { ROWS, TABLES, type TableName } from '../load/tables.ts';
import type { World } from '../world/world.ts';
import type { Random } from '../random.ts';
import { delay } from '../wait.ts';
import type { StrikeKind } from './strike.ts';

/** A column in front of the others: every row event that follows has another shape. */
async function addAndDrop({ primary, database }: World, random: Random): Promise<void> {
  const table = random.pick(['items', 'cards', 'stats', 'accounts']);
  await primary.run(`ALTER TABLE ${database}.${table} ADD COLUMN extra VARCHAR(10) NOT NULL DEFAULT 'x' FIRST`);
  await delay(random.int(50, 800));
  await primary.run(`ALTER TABLE ${database}.${table} DROP COLUMN extra`);
}

/** A copy takes the table's name, as online schema changes do. */
async function swap({ primary, database }: World, random: Random): Promise<void> {
  const table = random.pick(['items', 'orders', 'stats']);
  const [old, copy] = [`${database}.${table}`, `${database}.${table}_copy`];
  await primary.use(async (connection) => {
    await connection.query(`CREATE TABLE ${copy} LIKE ${old}`);
    await connection.query(`LOCK TABLES ${old} WRITE, ${copy} WRITE`);
    await connection.query(`INSERT INTO ${copy} SELECT * FROM ${old}`);
    await connection.query(`RENAME TABLE ${old} TO ${old}_before, ${copy} TO ${old}`);
    await connection.query('UNLOCK TABLES');
    await connection.query(`DROP TABLE ${old}_before`);
  });
}

async function truncate({ primary, database }: World, random: Random): Promise<void> {
  const table: TableName = random.pick(['items', 'orders']);
  await primary.run(`TRUNCATE TABLE ${database}.${table}`);
  await delay(random.int(0, 300));
  const rows = Array.from({ length: ROWS }, (_, index) => rowFor(table, index + 1, random));
  const columns = ['id', 'n', ...TABLES[table].more].join(', ');
  await primary.run(`INSERT IGNORE INTO ${database}.${table} (${columns}) VALUES ?`, [rows]);
}

export function ddl(weight = 1): StrikeKind {
  const kinds = { 'add and drop a column': addAndDrop, 'rename swap': swap, truncate };
  return {
    name: 'mysql DDL',
    weight,
    strike: async (world, random) => {
      const [name, change] = random.pick(Object.entries(kinds));
      world.journal.strike(`mysql DDL ${name}`);
      await change(world, random);
    },
  };
}
