import { markerKey } from '../load/families.ts';
import { scan } from './cached.ts';
import type { World } from '../world/world.ts';

/** Markers whose transaction was committed and whose key is still there. */
export async function lostMarkers(world: World): Promise<string[]> {
  const left = await scan(world, markerKey(world.prefix, 0).replace(/0$/, '*'));
  const committed = await world.primary.rows(`SELECT id FROM ${world.database}.markers`);
  const ids = new Set(committed.map((row) => markerKey(world.prefix, Number(row['id']))));
  return left.filter((key) => ids.has(key));
}
