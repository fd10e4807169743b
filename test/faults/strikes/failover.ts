import { startMysql, type ThrowawayMysql } from '../../../deploy/local/services.ts';
import { delay, messageOf, until } from '../wait.ts';
import { Primary } from '../world/primary.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

const TAKE_WRITES = ['SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF'];

/** A real replica by GTID, which follows from the beginning. */
export async function addReplica(world: World): Promise<void> {
  const replica = await startMysql({ flags: [...world.mysqlFlags, '--read-only=ON'] });
  world.replica = replica;
  world.closing.push(() => replica.remove());
  await follow(replica, world.server);
}

async function follow(replica: ThrowawayMysql, source: ThrowawayMysql): Promise<void> {
  await on(replica, [
    'SET GLOBAL super_read_only = ON',
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source.port}, SOURCE_USER = 'root',
     SOURCE_PASSWORD = 'sluice', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1`,
    'START REPLICA',
  ]);
}

async function on(server: ThrowawayMysql, statements: readonly string[]): Promise<void> {
  const primary = new Primary(server.url);
  try {
    for (const sql of statements) await primary.run(sql);
  } finally {
    await primary.close();
  }
}

/** Writes end on the old one, the replica catches up, is promoted, and the daemons' link leads to it; the old one then follows. */
export function failover(weight = 1): StrikeKind {
  return {
    name: 'mysql fail-over',
    weight,
    strike: async (world) => {
      const [old, next] = [world.server, world.replica];
      if (next === null) return;
      world.journal.strike('mysql fail-over', `${old.port} to ${next.port}`);
      await endWrites(old);
      await caughtUp(old, next).catch(async (error: unknown) => {
        await on(old, TAKE_WRITES);
        throw error;
      });
      // What was prepared and not ended is on both.
      await on(next, ['STOP REPLICA', 'RESET REPLICA ALL', ...TAKE_WRITES]);
      // From here on it takes writes: what follows is the application's and Sluice's time.
      world.journal.moment('promotion');
      world.links.mysql.target = { host: '127.0.0.1', port: next.port };
      world.links.mysql.reset();
      await world.primary.moveTo(next.url);
      world.server = next;
      world.replica = old;
      await follow(old, next);
    },
  };
}

/**
 * As fail-over tools do: who waits for a row is sent away. The server waits for statements in progress, those wait for rows of
 * transactions whose COMMIT waits for the server, and it would all last as long as a lock may be waited for. Nobody else is:
 * an XA COMMIT that is killed may be undone here and stay prepared on the replica.
 */
async function endWrites(old: ThrowawayMysql): Promise<void> {
  const others = new Primary(old.url);
  let isReadOnly = false;
  const readOnly = on(old, ['SET GLOBAL super_read_only = ON']).finally(() => (isReadOnly = true));
  try {
    while (!isReadOnly) {
      const waiting = await others.rows(
        `SELECT id AS id FROM information_schema.processlist
         WHERE command = 'Query' AND info NOT LIKE 'SET GLOBAL%' AND info NOT LIKE '%processlist%'`,
      );
      // One that has ended by itself meanwhile is no error.
      for (const { id } of waiting) await others.run(`KILL QUERY ${String(id)}`).catch(() => undefined);
      await delay(20);
    }
    await readOnly;
  } finally {
    await others.close();
  }
}

async function caughtUp(old: ThrowawayMysql, next: ThrowawayMysql): Promise<void> {
  const [source, replica] = [new Primary(old.url), new Primary(next.url)];
  try {
    const executed = async (from: Primary): Promise<string> =>
      String((await from.rows('SELECT @@GLOBAL.gtid_executed AS gtids'))[0]?.['gtids']);
    await until('the replica has everything', async () => (await executed(source)) === (await executed(replica)), {
      timeoutMs: 30_000,
      everyMs: 20,
    }).catch(async (error: unknown) => {
      const [status] = await replica.rows('SHOW REPLICA STATUS');
      throw new Error(
        `${messageOf(error)}: ${String(status?.['Last_Error'])} ${String(status?.['Replica_SQL_Running_State'])}`,
      );
    });
  } finally {
    await Promise.all([source.close(), replica.close()]);
  }
}
