import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../../deploy/local/services.ts';
import { keySlot } from '../../../src/cache/key-slot.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';

test('Redis puts a key and its version key into the slot that we think', async () => {
  const node = await startRedis({ flags: ['--cluster-enabled', 'yes'] });
  const client = new Redis(node.url, { enableReadyCheck: false });
  onTestFinished(async () => {
    client.disconnect();
    await node.remove();
  });
  const versionKeys = new VersionKeys();
  const keys = ['', 'product:7', 'user:{42}:name', '{a}', 'a}b', '{}x', 'x{}{y}', '{{a}}', 'a{b', 'ünï}🦆', '}{a}'];
  for (const key of keys) {
    const slot = await client.cluster('KEYSLOT', key);
    expect([key, keySlot(key)]).toEqual([key, slot]);
    expect([key, await client.cluster('KEYSLOT', versionKeys.of(key))]).toEqual([key, slot]);
  }
});
