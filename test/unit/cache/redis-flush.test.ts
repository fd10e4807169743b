import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { RedisFlush } from '../../../src/cache/redis-flush.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import type { Clock } from '../../../src/ports.ts';

const REQUEST = { pattern: 'k:*', version: 1, versioned: false, forced: false };

describe('a flush of one server', () => {
  it('rests as long as ever when somebody sets the clock while Redis answers', async () => {
    let [nowMs, aheadMs] = [1_000, 0];
    const slept: number[] = [];
    const clock: Clock = {
      now: () => nowMs + aheadMs,
      monotonicMs: () => nowMs,
      sleep: (ms) => {
        slept.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
    };
    const jumps = [0, 7_200_000, -7_200_000, 0];
    const scanBuffer = (): Promise<[Buffer, Buffer[]]> => {
      aheadMs += jumps.shift() ?? 0;
      return Promise.resolve([Buffer.from(jumps.length === 0 ? '0' : '7'), []]);
    };
    const flush = new RedisFlush({
      clock,
      keysPerSecond: 1_000,
      versionKeys: new VersionKeys(),
      versionTtlMs: 1_000,
      clustered: false,
    });
    const { signal } = new AbortController();
    await flush.run({ scanBuffer } as unknown as Redis, REQUEST, () => undefined, signal);
    expect(slept).toEqual([50, 50, 50]);
  });
});
