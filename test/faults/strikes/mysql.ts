/** Faults of the MySQL server itself. */
import { delay, until } from '../wait.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

/** In order: its connections are told. */
export function restartMysql(weight = 1): StrikeKind {
  return {
    name: 'mysql restart',
    weight,
    strike: async (world) => {
      world.journal.strike('mysql restart');
      await world.server.restart();
    },
  };
}

export function crashMysql(weight = 1): StrikeKind {
  return {
    name: 'mysql SIGKILL',
    weight,
    strike: async (world, random) => {
      world.journal.strike('mysql SIGKILL');
      await world.server.kill('SIGKILL');
      await delay(random.int(0, 1_500));
      await world.server.restart();
    },
  };
}

export function freezeMysql(weight = 1): StrikeKind {
  return {
    name: 'mysql SIGSTOP',
    weight,
    strike: async (world, random) => {
      world.journal.strike('mysql SIGSTOP');
      await world.server.kill('SIGSTOP');
      await delay(random.int(100, 4_500));
      await world.server.kill('SIGCONT');
    },
  };
}

export function killDump(weight = 1): StrikeKind {
  return {
    name: 'mysql KILL dump',
    weight,
    strike: async ({ journal, primary }) => {
      const threads = await primary.rows(
        "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND user = 'sluice'",
      );
      journal.strike('mysql KILL dump', `${threads.length}`);
      for (const { id } of threads) await primary.run(`KILL ${String(id)}`).catch(() => undefined);
    },
  };
}

export function rotate(weight = 1): StrikeKind {
  return {
    name: 'mysql rotation',
    weight,
    strike: async ({ journal, primary }, random) => {
      journal.strike('mysql rotation');
      for (let n = random.int(1, 4); n > 0; n--) await primary.run('FLUSH BINARY LOGS');
    },
  };
}

/** Transactions whose GTIDs carry a tag: another range of numbers beside the usual one. */
export function taggedGtids(weight = 1): StrikeKind {
  return {
    name: 'mysql tagged GTIDs',
    weight,
    strike: async ({ journal, primary, database }, random) => {
      journal.strike('mysql tagged GTIDs');
      await primary.use(async (connection) => {
        await connection.query(`SET SESSION gtid_next = 'AUTOMATIC:${random.pick(['blue', 'green'])}'`);
        for (let n = random.int(3, 20); n > 0; n--) {
          const table = random.pick(['items', 'cards', 'stats', 'orders']);
          await connection.query(`UPDATE ${database}.${table} SET n = n + 1 WHERE id = ${random.int(1, 100)}`);
        }
        await connection.query("SET SESSION gtid_next = 'AUTOMATIC'");
      });
    },
  };
}

/** Somebody joins with a server id that a daemon of ours uses: the server ends the older of the two. */
export function sameServerId(weight = 1): StrikeKind {
  return {
    name: 'mysql same server id',
    weight,
    strike: async ({ journal, primary }) => {
      const [replica] = await primary.rows('SHOW REPLICAS');
      if (replica === undefined) return;
      journal.strike('mysql same server id', String(replica['Server_Id']));
      const { dumpAs } = await import('../world/stranger.ts');
      await dumpAs(primary.url, Number(replica['Server_Id']), 700);
    },
  };
}

/** It answers, and the application has it again. */
export async function serverIsBack(world: World): Promise<void> {
  await world.server.kill('SIGCONT');
  await until('MySQL answers', async () => (await world.primary.rows('SELECT 1')).length === 1, { timeoutMs: 30_000 });
}
