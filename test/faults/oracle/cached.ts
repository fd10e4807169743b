/** What is in Redis. */
import { hashText } from '../load/hash-text.ts';
import type { World } from '../world/world.ts';

/** Of every server that holds keys. */
export async function scan({ redisWorld }: World, match: string): Promise<string[]> {
  const keys = new Set<string>();
  for (const holder of redisWorld.holders) {
    for await (const page of holder.scanStream({ match, count: 1000 })) {
      for (const key of page as string[]) keys.add(key);
    }
  }
  return [...keys];
}

/** What the keys hold, of whatever type. */
export async function cachedValues(world: World, match: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const { redis } = world;
  for (const key of await scan(world, match)) {
    const type = await redis.type(key);
    if (type === 'string') values.set(key, (await redis.get(key)) ?? '');
    else if (type === 'hash') values.set(key, hashText(await redis.hgetall(key)));
    else if (type !== 'none') values.set(key, `(a ${type})`);
  }
  return values;
}
