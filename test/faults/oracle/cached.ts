/** What is in Redis. */
import type { Redis } from 'ioredis';
import { hashText } from '../load/hash-text.ts';

export async function scan(redis: Redis, match: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const page of redis.scanStream({ match, count: 1000 })) {
    for (const key of page as string[]) keys.add(key);
  }
  return [...keys];
}

/** What the keys hold, of whatever type. */
export async function cachedValues(redis: Redis, match: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const key of await scan(redis, match)) {
    const type = await redis.type(key);
    if (type === 'string') values.set(key, (await redis.get(key)) ?? '');
    else if (type === 'hash') values.set(key, hashText(await redis.hgetall(key)));
    else if (type !== 'none') values.set(key, `(a ${type})`);
  }
  return values;
}
