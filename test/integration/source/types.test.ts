import { expect, it } from 'vitest';
import { addressOf, openDatabase, openSource, startAtNow, collect } from './fixture.ts';
it('smoke', async () => {
  for (const s of ['mysql', 'mysqlNoGtid', 'mariadb'] as const) {
    const address = await addressOf(s);
    const { pool, database } = await openDatabase(address);
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20))');
    const { source } = openSource({ address });
    const from = await startAtNow(source);
    await pool.query("INSERT INTO t VALUES (1,'a'),(2,'b')");
    await pool.query("UPDATE t SET name='c' WHERE id=1");
    await pool.query('DELETE FROM t WHERE id=2');
    const { changes, batches } = await collect(source, from, { database, enough: (c) => c.length >= 4 });
    console.log(
      from,
      JSON.stringify(batches.map((b) => b.end)),
      JSON.stringify(
        changes.map((c) => ({ ...c, table: c.table.name })),
        null,
        0,
      ),
    );
  }
  expect(1).toBe(1);
});
