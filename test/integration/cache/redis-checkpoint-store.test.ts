import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { RedisCheckpointStore } from '../../../src/cache/redis-checkpoint-store.ts';
import { describeCheckpointStore } from '../../contract/checkpoint-store.suite.ts';
import { addressOf, sharedRedis, uniquePrefix } from './redis-harness.ts';

const storeOn = (url: string, key: string): RedisCheckpointStore => {
  return new RedisCheckpointStore({ address: addressOf(url), key, commandTimeoutMs: 5_000 });
};

describeCheckpointStore('RedisCheckpointStore', async () => {
  const url = await sharedRedis();
  const app = new Redis(url);
  const key = `${uniquePrefix()}checkpoint`;
  return {
    open: () => storeOn(url, key),
    write: async (text, token) => void (await app.set(key, token === 0 ? text : `${token}\n${text}`)),
    close: async () => {
      await app.del(key);
      app.disconnect();
    },
  };
});

test('a server that does not answer is told from a damaged checkpoint', async () => {
  const store = storeOn('redis://127.0.0.1:1', 'any');
  onTestFinished(() => store.close());
  await expect(store.load()).rejects.toEqual(expect.objectContaining({ code: 'CHECKPOINT_UNAVAILABLE' }));
});

test('a key of another kind is nobody’s checkpoint', async () => {
  const url = await sharedRedis();
  const app = new Redis(url);
  const key = `${uniquePrefix()}checkpoint`;
  const store = storeOn(url, key);
  onTestFinished(async () => {
    await app.del(key);
    app.disconnect();
    await store.close();
  });
  await app.rpush(key, 'x');
  await expect(store.load()).rejects.toEqual(
    expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE', message: expect.stringContaining(key) as string }),
  );
});
