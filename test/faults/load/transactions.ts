/** Ways to commit, and not to commit, what statements changed. Each marks itself with a marker row. */
import type { Markers } from './markers.ts';
import { TICKERS } from './tickers.ts';
import { changeSomething, type Target } from './statements.ts';

export interface Work extends Target {
  readonly markers: Markers;
  /** Before a further transaction: each has its turn where a pace is kept. */
  readonly next: () => Promise<void>;
}

async function changes(work: Work, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await changeSomething(work);
}

/** Autocommit: a marker in a transaction of its own would prove nothing about this one, so most carry none. */
async function single(work: Work): Promise<void> {
  await changeSomething(work);
}

async function several(work: Work): Promise<void> {
  const id = await work.markers.arm();
  await work.connection.beginTransaction();
  await changes(work, work.random.int(1, 6));
  await work.markers.insert(work.connection, id);
  await work.connection.commit();
}

async function rolledBack(work: Work): Promise<void> {
  await work.connection.beginTransaction();
  await changes(work, work.random.int(1, 6));
  await work.connection.rollback();
}

async function savepoints(work: Work): Promise<void> {
  const { connection, markers, random } = work;
  const id = await markers.arm();
  await connection.beginTransaction();
  await changes(work, random.int(1, 2));
  await connection.query('SAVEPOINT first');
  await changes(work, random.int(1, 3));
  await connection.query('SAVEPOINT second');
  await changes(work, 1);
  await connection.query(`ROLLBACK TO SAVEPOINT ${random.pick(['first', 'second'])}`);
  await changes(work, random.int(0, 2));
  await markers.insert(connection, id);
  await connection.commit();
}

/** Rows that nothing else touches, counted up: the newest of many must win, and never an older one after it. */
async function tick(work: Work): Promise<void> {
  const sql = `UPDATE ${work.database}.${work.random.pick(['cards', 'stats'])} SET n = n + 1 WHERE id = ${work.random.pick(TICKERS)}`;
  for (let n = work.random.int(1, 8); n > 0; n--) {
    await work.connection.query(sql);
    if (n > 1) await work.next();
  }
}

/** One row again and again, each time a transaction: the newest of many must win. */
async function hammer(work: Work): Promise<void> {
  const table = work.random.pick(['cards', 'stats', 'items', 'accounts', 'profiles']);
  const sql = `UPDATE ${work.database}.${table} SET n = n + 1 WHERE id = 1`;
  for (let n = work.random.int(5, 20); n > 0; n--) {
    await work.connection.query(sql);
    if (n > 1) await work.next();
  }
}

/** `ticks`: the weight of ticks, which wait for nobody long: a high pace takes many. */
export const transactions = (ticks: number): Weighted[] => [
  { weight: 40, commit: single },
  { weight: 30, commit: several },
  { weight: 6, commit: rolledBack },
  { weight: 8, commit: savepoints },
  { weight: 3, commit: hammer },
  { weight: ticks, commit: tick },
];

interface Weighted {
  readonly weight: number;
  readonly commit: (work: Work) => Promise<void>;
}
