import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startRedis, type ThrowawayRedis } from '../../../deploy/local/services.ts';
import { RedisCache, type RedisCacheOptions } from '../../../src/cache/redis-cache.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { addressOf, KEPT_VERSION_MS } from './redis-harness.ts';

const KEYS = 1_000_000;
/** The default of `apply.flush_keys_per_second`. */
const KEYS_PER_SECOND = 50_000;
const V = 1_790_000_000_000_000;

const WINDOW_MS = 1_000;
const WINDOWS_BEFORE = 4;
/**
 * Below this a p99 says nothing about Redis: server, client, flush and other tests share a few cores, and the scheduler
 * alone lets one answer in a hundred wait half a millisecond.
 */
const NOISE_FLOOR_MS = 0.5;

/** All but what Sluice notes about the server itself. */
async function cacheKeys(app: Redis): Promise<number> {
  const [marks, histories] = await Promise.all([app.keys('sluice:mark:*'), app.keys('sluice:history:*')]);
  return (await app.dbsize()) - marks.length - histories.length;
}

const since = (begun: number): number => performance.now() - begun;

interface Report {
  readonly requests: number;
  readonly p99Ms: number;
}

/** Of the seconds: one that the machine was busy with something else does not count, what happens in most of them does. */
function median(reports: readonly Report[]): number {
  return reports.map(({ p99Ms }) => p99Ms).sort((a, b) => a - b)[Math.floor(reports.length / 2)] ?? Infinity;
}

/** Another client of the server, in a process of its own. */
class LatencyReader {
  readonly #process: ChildProcess;

  constructor(url: string, key: string) {
    const program = fileURLToPath(new URL('./latency-reader.ts', import.meta.url));
    this.#process = fork(program, [url, key], { execArgv: ['--import', 'tsx'] });
  }

  /** What it saw since the last report. */
  async report(): Promise<Report> {
    const answer = once(this.#process, 'message', { signal: AbortSignal.timeout(20_000) });
    this.#process.send('report');
    const [report] = (await answer) as [Report];
    return report;
  }

  /** Second by second, until it is over. */
  async *seconds(isOver: () => boolean): AsyncGenerator<Report> {
    await this.report();
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
      yield await this.report();
    }
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

describe('a flush on a real server', () => {
  let server: ThrowawayRedis;
  let app: Redis;
  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
    app.on('error', () => undefined);
  });
  afterAll(async () => {
    app.disconnect();
    await server.remove();
  });
  beforeEach(() => app.flushall());

  const cacheWith = (more: Partial<RedisCacheOptions> = {}): RedisCache => {
    const cache = new RedisCache({
      name: 'test',
      address: addressOf(server.url),
      commandTimeoutMs: 5_000,
      versionTtlMs: KEPT_VERSION_MS,
      flushKeysPerSecond: KEYS_PER_SECOND,
      clock: systemClock,
      ...more,
    });
    onTestFinished(() => cache.close());
    return cache;
  };

  /** Loaded by the server itself, in slices so that it answers in between. */
  const load = async (keys: number, prefix: string): Promise<void> => {
    const script = `for i = ARGV[1], ARGV[2] do redis.call('SET', KEYS[1] .. i, 'value') end`;
    for (let from = 0; from < keys; from += 50_000) {
      await app.eval(script, 1, prefix, from, Math.min(keys, from + 50_000) - 1);
    }
  };

  test('of a million keys lets another client wait at most twice as long as before', { timeout: 90_000 }, async () => {
    await load(KEYS, 'product:');
    await app.set('other', 'value');
    const cache = cacheWith();
    await cache.check();
    const reader = new LatencyReader(server.url, 'other');
    onTestFinished(() => reader.close());
    await expect.poll(async () => (await reader.report()).requests, { timeout: 10_000 }).toBeGreaterThan(100);

    const before: Report[] = [];
    for await (const second of reader.seconds(() => before.length === WINDOWS_BEFORE)) before.push(second);
    const begun = performance.now();
    const request = { pattern: 'product:*', version: V, versioned: false };
    let isOver = false;
    const flushed = cache.flush(request, () => undefined, new AbortController().signal).finally(() => (isOver = true));
    const during: Report[] = [];
    for await (const second of reader.seconds(() => isOver)) during.push(second);
    const { removedKeys } = await flushed;
    const [idle, busy] = [median(before), median(during)];
    console.log(
      `1,000,000 keys flushed in ${(since(begun) / 1_000).toFixed(1)} s; p99 of GET in a second: ${idle.toFixed(3)} ms before, ` +
        `${busy.toFixed(3)} ms during, ${Math.max(...during.map(({ p99Ms }) => p99Ms)).toFixed(3)} ms in the worst of ${during.length}`,
    );
    expect(removedKeys).toBe(KEYS);
    expect(await cacheKeys(app)).toBe(1);
    expect(during.length).toBeGreaterThan(5);
    expect(Math.min(...[...before, ...during].map(({ requests }) => requests))).toBeGreaterThan(200);
    expect(busy).toBeLessThanOrEqual(2 * Math.max(idle, NOISE_FLOOR_MS));
  });

  test('looks at no more keys per second than it may', async () => {
    await load(10_000, 'product:');
    const begun = performance.now();
    await cacheWith({ flushKeysPerSecond: 5_000 }).flush(
      { pattern: 'product:*', version: V, versioned: false },
      () => undefined,
      new AbortController().signal,
    );
    expect(since(begun)).toBeGreaterThan(1_900);
    expect(await cacheKeys(app)).toBe(0);
  });

  test('keeps no command waiting: a refresh is applied while a slow flush runs', async () => {
    await load(2_000, 'product:');
    const cache = cacheWith({ flushKeysPerSecond: 500 });
    const stop = new AbortController();
    let steps = 0;
    const flushing = cache.flush({ pattern: '*', version: V, versioned: true }, () => steps++, stop.signal);
    flushing.catch(() => undefined);
    await expect.poll(() => steps).toBeGreaterThan(1);
    const before = steps;
    expect(await cache.apply([{ kind: 'set', key: 'card:1', version: V + 1, value: 'new', ttlMs: null }])).toEqual([
      'applied',
    ]);
    // Not even one of its steps had to be waited for.
    expect(steps - before).toBeLessThanOrEqual(1);
    expect(await app.client('LIST')).toMatch(/name=sluice:test:flush /);
    stop.abort(new Error('enough'));
    await expect(flushing).rejects.toThrow('enough');
  });

  test('removes keys that are no text, versioned or not', async () => {
    const binary = Buffer.concat([Buffer.from('product:'), Buffer.from([0xff, 0x00, 0xfe])]);
    for (const versioned of [true, false]) {
      await app.set(binary, 'value');
      const request = { pattern: 'product:*', version: V, versioned };
      const total = await cacheWith().flush(request, () => undefined, new AbortController().signal);
      expect(total.removedKeys).toBe(1);
      expect(await app.exists(binary)).toBe(0);
    }
  });

  test('is to be repeated when the server goes away, and finds everything then', async () => {
    await load(20_000, 'product:');
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port: server.port });
    const cache = cacheWith({ address: addressOf(server.url, { port: proxy.port }), commandTimeoutMs: 500 });
    const request = { pattern: 'product:*', version: V, versioned: true };
    let steps = 0;
    const cut = (): void => {
      if (++steps === 5) proxy.stall();
    };
    await expect(cache.flush(request, cut, new AbortController().signal)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
    });
    proxy.heal();
    expect(await cacheKeys(app)).toBeGreaterThan(0);
    await cache.flush(request, () => undefined, new AbortController().signal);
    expect(await cacheKeys(app)).toBe(0);
  });

  test('loads its script again when the server has forgotten it', async () => {
    await load(2_000, 'product:');
    const cache = cacheWith();
    let forgotten: Promise<unknown> | undefined;
    const forget = (): void => void (forgotten ??= app.script('FLUSH'));
    await cache.flush({ pattern: 'product:*', version: V, versioned: true }, forget, new AbortController().signal);
    await forgotten;
    expect(await cacheKeys(app)).toBe(0);
  });

  test('succeeds while the memory is full, and leaves its version', async () => {
    const cache = cacheWith();
    await cache.apply([{ kind: 'set', key: 'card:1', version: V, value: 'old', ttlMs: null }]);
    await app.config('SET', 'maxmemory', '1mb');
    onTestFinished(() => void app.config('SET', 'maxmemory', '0'));
    const request = { pattern: 'card:*', version: V + 1, versioned: true };
    expect(await cache.flush(request, () => undefined, new AbortController().signal)).toMatchObject({ removedKeys: 1 });
    await app.config('SET', 'maxmemory', '0');
    expect(await cache.apply([{ kind: 'set', key: 'card:1', version: V, value: 'old', ttlMs: null }])).toEqual([
      'newer',
    ]);
  });

  test('misses no key while others come and go and the table of the server grows and shrinks', async () => {
    await load(6_000, 'product:');
    const cache = cacheWith();
    let flushed = false;
    let rounds = 0;
    const script = `
      for i = ARGV[1], ARGV[1] + 499 do
        if ARGV[2] == 'SET' then redis.call('SET', 'other:' .. i, 'x') else redis.call('UNLINK', 'other:' .. i) end
      end`;
    const churn = (from: number, command: 'SET' | 'UNLINK') => app.eval(script, 0, from, command);
    const flushing = cache
      .flush({ pattern: 'product:*', version: V, versioned: false }, () => undefined, new AbortController().signal)
      .finally(() => (flushed = true));
    for (let round = 0; !flushed; rounds = ++round) {
      // Now few keys, now many: the table of the server grows, shrinks and moves while it is scanned.
      for (let from = 0; from < 20_000 && !flushed; from += 500) await churn(from, round % 2 === 0 ? 'SET' : 'UNLINK');
    }
    await flushing;
    expect(rounds).toBeGreaterThan(1);
    const left: string[] = [];
    for await (const keys of app.scanStream({ match: 'product:*', count: 1_000 }) as AsyncIterable<string[]>) {
      left.push(...keys);
    }
    expect(left).toEqual([]);
  });
});
