import { describeChangeSource } from '../../contract/change-source.suite.ts';
import { addressOf, openDatabase, openSource, SERVERS } from './fixture.ts';

for (const server of SERVERS) {
  describeChangeSource(server, async () => {
    const address = await addressOf(server);
    const { pool, database } = await openDatabase(address);
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
    return {
      source: openSource({ address }).source,
      commit: async (ids) => void (await pool.query('INSERT INTO t VALUES ?', [ids.map((id) => [id])])),
      isOwn: ({ table }) => table.database === database,
    };
  });
}
