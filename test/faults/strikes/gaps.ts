/** What the daemon has not seen is gone when it comes back: it must not go on as if nothing had happened. */
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '../wait.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

async function purge({ primary }: World): Promise<void> {
  await primary.run('FLUSH BINARY LOGS');
  const logs = await primary.rows('SHOW BINARY LOGS');
  await primary.run(`PURGE BINARY LOGS TO '${String(logs.at(-1)?.['Log_name'])}'`);
}

/** A restored backup: the same data on a server with another name. */
async function otherServer({ server }: World): Promise<void> {
  await server.stop();
  rmSync(join(server.folder, 'data/auto.cnf'), { force: true });
  await server.restart();
}

function checkpoints({ folder }: World): string[] {
  const state = join(folder, 'state');
  return readdirSync(state)
    .filter((name) => /^checkpoint.*\.json(\.token-\d+)?$/.test(name))
    .map((name) => join(state, name));
}

const KINDS: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'binlogs purged': purge,
  RESET: ({ primary }) => primary.run('RESET BINARY LOGS AND GTIDS'),
  'another server UUID': otherServer,
  'checkpoint truncated': (world) => {
    for (const path of checkpoints(world)) truncateSync(path, 20);
    return Promise.resolve();
  },
  'checkpoint removed': (world) => {
    for (const path of checkpoints(world)) rmSync(path);
    return Promise.resolve();
  },
  'checkpoint corrupt': (world) => {
    for (const path of checkpoints(world)) writeFileSync(path, '{"format":1,"position":"nowhere"}');
    return Promise.resolve();
  },
};

/** While the daemon reads: what it had not read yet is gone. */
export function resetWhileReading(weight = 1): StrikeKind {
  return {
    name: 'gap in mid-stream',
    weight,
    strike: async ({ primary, journal, slots }) => {
      journal.strike('gap RESET in mid-stream');
      await primary.run('RESET BINARY LOGS AND GTIDS');
      for (const slot of slots) await slot.ready(30_000);
    },
  };
}

export function gap(weight = 1): StrikeKind {
  return {
    name: 'gap',
    weight,
    strike: async (world, random) => {
      const [name, make] = random.pick(Object.entries(KINDS));
      const slot = random.pick(world.slots);
      await slot.end('SIGKILL');
      world.journal.strike(`gap ${name}`);
      // Changes that nobody will ever read.
      await delay(random.int(200, 1_000));
      try {
        await make(world);
      } finally {
        slot.start();
      }
      await slot.ready(30_000);
    },
  };
}
