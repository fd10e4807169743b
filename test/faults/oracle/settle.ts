import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';
import { markerKey } from '../load/families.ts';
import { endPrepared } from '../load/xa.ts';
import { delay, messageOf, until } from '../wait.ts';

const FIRST_ID = 2_000_000_000;
/** Enough that every partition gets some. */
const MARKERS = 150;
const TIMEOUT_MS = 90_000;

/** Nothing is written any more: waits until everything that was is applied. Whatever does not come is a hang. */
export async function settle(world: World, random: Random): Promise<boolean> {
  try {
    await endPrepared(world, random);
    await Promise.all(world.slots.map((slot) => slot.ready(TIMEOUT_MS)));
    await lastMarkers(world);
    if (world.kafka !== null)
      await until('a lag of 0', async () => (await world.lag()) === 0, { timeoutMs: TIMEOUT_MS, everyMs: 300 });
    await delay(2 * (world.options.againAfterMs ?? 0) + 300);
    await until('nothing in flight', () => nothingInFlight(world), { timeoutMs: TIMEOUT_MS });
    return true;
  } catch (error) {
    world.journal.problem('hang', `it does not settle: ${messageOf(error)}`);
    return false;
  }
}

/** The last changes of all, for every partition: behind them there is nothing. */
async function lastMarkers(world: World): Promise<void> {
  const ids = Array.from({ length: MARKERS }, (_, index) => FIRST_ID + index);
  const keys = ids.map((id) => markerKey(world.prefix, id));
  await until('filling the last markers', () => fill(world, keys), { timeoutMs: TIMEOUT_MS });
  await world.primary.run(`REPLACE INTO ${world.database}.markers VALUES ?`, [ids.map((id) => [id])]);
  // One by one: in a cluster they are on several nodes.
  const left = async (): Promise<number> => {
    const there = await Promise.all(keys.map((key) => world.redis.exists(key)));
    return there.reduce((sum, each) => sum + each, 0);
  };
  await until('the last change', async () => (await left()) === 0, { timeoutMs: TIMEOUT_MS });
}

async function fill(world: World, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) await world.redis.set(key, '1');
  return true;
}

async function nothingInFlight(world: World): Promise<boolean> {
  const counts = await Promise.all(
    world.slots.map(async ({ process }) => (process === null ? 1 : process.metric('sluice_in_flight_batches'))),
  );
  return counts.every((count) => count === 0);
}
