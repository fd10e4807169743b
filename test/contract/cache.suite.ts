import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cache, CacheCommand, FlushProgress, FlushRequest } from '../../src/ports.ts';

/** A cache under test, and the eyes and hands of an application on the same server. */
export interface CacheHarness {
  readonly cache: Cache;
  /** Unique per harness. */
  readonly prefix: string;
  /** How long the cache was told to keep versions, ms. */
  readonly keptVersionMs: number;
  read(key: string): Promise<string | Readonly<Record<string, string>> | null>;
  /** ms until the key expires; null without expiry (or without key). */
  ttlMs(key: string): Promise<number | null>;
  version(key: string): Promise<number | null>;
  versionTtlMs(key: string): Promise<number | null>;
  /** A value as an application writes it, without a version. */
  fill(key: string, value: string | Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const set = (key: string, version: number, value: string | Record<string, string>, ttlMs: number | null = null) =>
  ({ kind: 'set', key, version, value, ttlMs }) satisfies CacheCommand;
const versionedDelete = (key: string, version: number) =>
  ({ kind: 'delete', key, version, versioned: true }) satisfies CacheCommand;
const plainDelete = (key: string, version: number) =>
  ({ kind: 'delete', key, version, versioned: false }) satisfies CacheCommand;

/** The promises of the Cache port. Versions are near the real ones (µs since the epoch), to see that they are exact. */
export function describeCache(name: string, create: () => Promise<CacheHarness>): void {
  const V = 1_790_000_000_000_000;
  const start = async (): Promise<CacheHarness & { key: string }> => {
    const harness = await create();
    onTestFinished(() => harness.close());
    return Object.assign(harness, { key: `${harness.prefix}key` });
  };

  describe(`${name} as a Cache`, () => {
    test('answers once per command, in their order', async () => {
      const { cache, prefix } = await start();
      await cache.apply([set(`${prefix}b`, V + 5, 'newer')]);
      const outcomes = await cache.apply([
        plainDelete(`${prefix}a`, V),
        set(`${prefix}b`, V, 'older'),
        set(`${prefix}c`, V, 'value'),
        versionedDelete(`${prefix}d`, V),
        plainDelete(`${prefix}e`, V),
      ]);
      expect(outcomes).toEqual(['applied', 'newer', 'applied', 'applied', 'applied']);
      expect(await cache.apply([])).toEqual([]);
    });

    test('a plain delete removes a key of any kind and leaves no version', async () => {
      const { cache, key, ...app } = await start();
      for (const value of ['text', { field: 'text' }]) {
        await app.fill(key, value);
        await cache.apply([plainDelete(key, V)]);
        expect(await app.read(key)).toBeNull();
      }
      expect(await app.version(key)).toBeNull();
    });

    test('a set never overwrites a newer value, and says so', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, V + 1, 'new')]);
      expect(await cache.apply([set(key, V, 'old')])).toEqual(['newer']);
      expect(await app.read(key)).toBe('new');
      expect(await app.version(key)).toBe(V + 1);
    });

    test('versions that differ by one microsecond are told apart up to the largest safe integer', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, Number.MAX_SAFE_INTEGER, 'new')]);
      expect(await cache.apply([set(key, Number.MAX_SAFE_INTEGER - 1, 'old')])).toEqual(['newer']);
      expect(await app.version(key)).toBe(Number.MAX_SAFE_INTEGER);
    });

    test('an equal version is a redelivery and is applied again', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, V, 'value')]);
      expect(await cache.apply([set(key, V, 'value')])).toEqual(['applied']);
      expect(await app.read(key)).toBe('value');
    });

    test('a versioned delete blocks an older set, also when the key was not there', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([versionedDelete(key, V + 1)]);
      expect(await cache.apply([set(key, V, 'old')])).toEqual(['newer']);
      expect(await app.read(key)).toBeNull();
      expect(await cache.apply([set(key, V + 2, 'new')])).toEqual(['applied']);
      expect(await app.read(key)).toBe('new');
    });

    test('a versioned delete that is older than the value leaves it', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, V + 1, 'new')]);
      expect(await cache.apply([versionedDelete(key, V)])).toEqual(['newer']);
      expect(await app.read(key)).toBe('new');
    });

    test('applying a batch twice leaves what applying it once leaves (I5)', async () => {
      const { cache, prefix, ...app } = await start();
      const keys = ['a', 'b', 'c', 'd'].map((name) => prefix + name);
      const [a = '', b = '', c = '', d = ''] = keys;
      for (const key of keys) await app.fill(key, 'stale');
      const batch = [plainDelete(a, V), set(b, V, 'text'), set(c, V, { field: 'text' }), versionedDelete(d, V)];
      const state = () => Promise.all(keys.map(async (key) => [await app.read(key), await app.version(key)]));
      const first = await cache.apply(batch);
      const once = await state();
      expect(await cache.apply(batch)).toEqual(first);
      expect(await state()).toEqual(once);
      expect(once).toEqual([[null, null], ['text', V], [{ field: 'text' }, V], [null, V]]); // prettier-ignore
    });

    test('a value has its TTL, in milliseconds, and loses it when it is set without one', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, V, 'value', 90_000)]);
      expect(await app.ttlMs(key)).toSatisfy((left: number) => left > 60_000 && left <= 90_000);
      await cache.apply([set(key, V, { field: 'value' }, 30_000)]);
      expect(await app.ttlMs(key)).toSatisfy((left: number) => left > 0 && left <= 30_000);
      await cache.apply([set(key, V + 1, 'value')]);
      expect(await app.ttlMs(key)).toBeNull();
      expect(await app.read(key)).toBe('value');
    });

    test('a version is kept as long as it was asked for, whatever the TTL of the value', async () => {
      const { cache, prefix, keptVersionMs, ...app } = await start();
      const [a, b, c] = [`${prefix}a`, `${prefix}b`, `${prefix}c`];
      await cache.apply([set(a, V, 'value', 10), set(b, V, { field: 'value' }), versionedDelete(c, V)]);
      for (const key of [a, b, c]) {
        expect(await app.versionTtlMs(key)).toSatisfy(
          (left: number) => left > keptVersionMs - 30_000 && left <= keptVersionMs,
        );
      }
    });

    test('a hash holds exactly the fields it was last set to', async () => {
      const { cache, key, ...app } = await start();
      await cache.apply([set(key, V, { id: '1', gone: 'x' })]);
      await cache.apply([set(key, V + 1, { id: '1', name: '' })]);
      expect(await app.read(key)).toEqual({ id: '1', name: '' });
    });

    test('a hash may have thousands of fields', async () => {
      const { cache, key, ...app } = await start();
      const fields = Object.fromEntries(Array.from({ length: 6_001 }, (_, i) => [`field${i}`, String(i)]));
      expect(await cache.apply([set(key, V, fields)])).toEqual(['applied']);
      expect(await app.read(key)).toEqual(fields);
    });

    test('a hash without fields is a key that does not exist, and its version stays', async () => {
      const { cache, key, ...app } = await start();
      await app.fill(key, 'stale');
      expect(await cache.apply([set(key, V, {}, 1_000)])).toEqual(['applied']);
      expect(await app.read(key)).toBeNull();
      expect(await app.version(key)).toBe(V);
    });

    test('a value of another kind under the key is replaced', async () => {
      const { cache, key, ...app } = await start();
      await app.fill(key, { field: 'text' });
      await cache.apply([set(key, V, 'text')]);
      expect(await app.read(key)).toBe('text');
      await cache.apply([set(key, V + 1, { field: 'text' })]);
      expect(await app.read(key)).toEqual({ field: 'text' });
    });

    test('keys and values are any text: empty, with braces, with line ends, beyond the basic plane', async () => {
      const { cache, prefix, ...app } = await start();
      const texts = ['', '{', '}', '{}', '{a}', 'a', 'a}b{c}', '{a}:{b}', 'x\r\ny', 'naïve 🦆 \u0000 key'];
      const commands = texts.map((text, i) => set(prefix + text, V + i, text));
      expect(await cache.apply(commands)).toEqual(texts.map(() => 'applied'));
      for (const [i, text] of texts.entries()) {
        expect(await app.read(prefix + text)).toBe(text);
        // No two keys share a version, else one would hide changes of the other.
        expect(await app.version(prefix + text)).toBe(V + i);
      }
    });

    test('thousands of keys of all kinds go in one call', async () => {
      const { cache, prefix, ...app } = await start();
      const commands = Array.from({ length: 5_000 }, (_, i): CacheCommand => {
        const key = `${prefix}${i}`;
        if (i % 4 === 0) return plainDelete(key, V + i);
        if (i % 4 === 1) return versionedDelete(key, V + i);
        return set(key, V + i, i % 4 === 2 ? `value ${i}` : { id: String(i) }, 60_000);
      });
      expect(new Set(await cache.apply(commands))).toEqual(new Set(['applied']));
      expect(await app.read(`${prefix}4996`)).toBeNull();
      expect(await app.version(`${prefix}4997`)).toBe(V + 4_997);
      expect(await app.read(`${prefix}4998`)).toBe('value 4998');
      expect(await app.read(`${prefix}4999`)).toEqual({ id: '4999' });
    });

    test('calls may overlap, and the newest version wins whatever comes first', async () => {
      const { cache, key, ...app } = await start();
      const calls = Array.from({ length: 50 }, (_, i) =>
        cache.apply([set(key, V + ((i * 7) % 50), `v${(i * 7) % 50}`)]),
      );
      await Promise.all(calls);
      expect(await app.read(key)).toBe('v49');
    });

    describe('a flush', () => {
      const flush = (cache: Cache, pattern: string, more: Partial<FlushRequest> = {}): Promise<FlushProgress> =>
        cache.flush({ pattern, version: V, versioned: false, ...more }, () => undefined, new AbortController().signal);
      const fillAll = async (app: CacheHarness, keys: readonly string[]): Promise<void> => {
        for (const key of keys) await app.fill(key, 'value');
      };
      /** Those of the keys that are still there. */
      const left = async (app: CacheHarness, keys: readonly string[]): Promise<string[]> => {
        const values = await Promise.all(keys.map((key) => app.read(key)));
        return keys.filter((_, index) => values[index] !== null);
      };

      test('removes every key that matches, of any kind, and no other', async () => {
        const { prefix, cache, ...app } = await start();
        const harness = { ...app, cache, prefix };
        const gone = [
          'product:1',
          'product:',
          'product:1:name',
          'product:a b',
          'product:x\r\ny',
          'product:naïve 🦆 \u0000',
        ];
        const kept = ['product', 'product2:1', 'xproduct:1', 'Product:1', 'order:1'];
        await fillAll(
          harness,
          [...gone, ...kept].map((name) => prefix + name),
        );
        await app.fill(`${prefix}product:hash`, { field: 'text' });
        const { removedKeys } = await flush(cache, `${prefix}product:*`);
        expect(removedKeys).toBe(gone.length + 1);
        const all = [...gone, ...kept, 'product:hash'].map((name) => prefix + name);
        expect(await left(harness, all)).toEqual(kept.map((name) => prefix + name));
      });

      test('takes escaped characters of the pattern as they are', async () => {
        const { prefix, cache, ...app } = await start();
        const harness = { ...app, cache, prefix };
        const keys = ['a*b?c[d]e^f\\g:1', 'aXbYcdefg:1', 'aXXb?c[d]e^f\\g:1', 'a*bYc[d]e^f\\g:1'].map(
          (name) => prefix + name,
        );
        await fillAll(harness, keys);
        await flush(cache, `${prefix}a\\*b\\?c\\[d\\]e\\^f\\\\g:*`);
        expect(await left(harness, keys)).toEqual(keys.slice(1));
      });

      test('finds keys with something fixed behind what varies', async () => {
        const { prefix, cache, ...app } = await start();
        const harness = { ...app, cache, prefix };
        const keys = ['a:1:orders', 'a:1:2:orders', 'a:1:order', 'b:1:orders'].map((name) => prefix + name);
        await fillAll(harness, keys);
        await flush(cache, `${prefix}a:*:orders`);
        expect(await left(harness, keys)).toEqual(keys.slice(2));
      });

      test('that is versioned keeps what carries a newer version, and blocks what is older than itself', async () => {
        const { prefix, cache, ...app } = await start();
        const [older, equal, newer, plain] = [`${prefix}older`, `${prefix}equal`, `${prefix}newer`, `${prefix}plain`];
        await cache.apply([set(older, V - 1, 'text'), set(equal, V, { field: 'text' }), set(newer, V + 1, 'text')]);
        await app.fill(plain, 'text');
        const { removedKeys } = await flush(cache, `${prefix}*`, { versioned: true });
        expect(removedKeys).toBe(3);
        expect(await left({ ...app, cache, prefix }, [older, equal, newer, plain])).toEqual([newer]);
        expect(await app.version(newer)).toBe(V + 1);
        // A redelivered refresh from before the flush changes nothing.
        expect(await cache.apply([set(older, V - 1, 'text')])).toEqual(['newer']);
        expect(await app.version(older)).toBe(V);
        expect(await app.versionTtlMs(older)).toSatisfy((ms: number) => ms > app.keptVersionMs - 30_000);
        // A wide pattern finds keys that are not ours: they get no version.
        expect(await app.version(plain)).toBeNull();
        expect(await cache.apply([set(older, V + 2, 'new')])).toEqual(['applied']);
      });

      test('that is forced takes newer ones too, and undoes only versions of a past that nobody remembers', async () => {
        const { prefix, cache, ...app } = await start();
        const [older, newer, lost, plain] = [`${prefix}older`, `${prefix}newer`, `${prefix}lost`, `${prefix}plain`];
        const future = 9_000_000_000_000_000;
        await cache.apply([set(older, V - 1, 'text'), set(newer, V + 1, 'text'), set(lost, future, { field: 'text' })]);
        await app.fill(plain, 'text');
        const deleted = [`${prefix}deleted`, `${prefix}{of}:deleted`];
        await cache.apply(deleted.map((key) => ({ kind: 'delete', key, version: future, versioned: true })));
        for (let times = 0; times < 2; times++) await flush(cache, `${prefix}*`, { versioned: true, forced: true });
        expect(await left({ ...app, cache, prefix }, [older, newer, lost, plain])).toEqual([]);
        const keys = [older, newer, lost, plain];
        expect(await Promise.all(keys.map((key) => app.version(key)))).toEqual([V, V + 1, V, null]);
        // Of keys that are not there too: a later delete of what a reader filled must count.
        expect(await Promise.all(deleted.map((key) => app.version(key)))).toEqual([V, V]);
        // What comes after the gap counts; what came before something newer does not.
        expect(await cache.apply([set(lost, V + 1, 'new')])).toEqual(['applied']);
        expect(await cache.apply([set(newer, V, 'old')])).toEqual(['newer']);
      });

      test('that is not versioned takes whatever matches', async () => {
        const { key, cache, ...app } = await start();
        await cache.apply([set(key, V + 1, 'text')]);
        expect(await flush(cache, `${key}*`)).toMatchObject({ removedKeys: 1 });
        expect(await app.read(key)).toBeNull();
      });

      test('never removes what Sluice keeps beside the cache, however wide the pattern', async () => {
        const { prefix, cache, ...app } = await start();
        const [card, epoch] = [`${prefix}card`, `sluice:epoch:${prefix}shop.products`];
        await cache.apply([set(card, V, 'text'), set(epoch, V, String(V))]);
        for (const versioned of [true, false]) {
          await flush(cache, `*${prefix}*`, { versioned, version: V + 5 });
          expect(await app.read(card)).toBeNull();
          expect(await app.read(epoch)).toBe(String(V));
          expect(await app.version(epoch)).toBe(V);
        }
        expect(await app.version(card)).toBe(V + 5);
      });

      test('can be repeated, and says that there was nothing more', async () => {
        const { prefix, cache, ...app } = await start();
        const harness = { ...app, cache, prefix };
        const keys = Array.from({ length: 30 }, (_, i) => `${prefix}${i}`);
        await fillAll(harness, keys);
        for (const versioned of [true, false]) {
          await fillAll(harness, keys);
          expect(await flush(cache, `${prefix}*`, { versioned })).toMatchObject({ removedKeys: 30 });
          expect(await flush(cache, `${prefix}*`, { versioned })).toMatchObject({ removedKeys: 0 });
        }
      });

      test('of thousands of keys finds each, and says how far it is', async () => {
        const { prefix, cache, ...app } = await start();
        const refreshed = Array.from({ length: 3_000 }, (_, i) => set(`${prefix}r:${i}`, V - 5_000 + i, 'text'));
        await cache.apply(refreshed);
        const told: FlushProgress[] = [];
        const request = { pattern: `${prefix}r:*`, version: V, versioned: true };
        const total = await cache.flush(request, (progress) => told.push(progress), new AbortController().signal);
        expect(total.removedKeys).toBe(3_000);
        expect(total.scannedKeys).toBeGreaterThanOrEqual(3_000);
        expect(told.at(-1)).toEqual(total);
        expect(told.length).toBeGreaterThan(1);
        for (const [index, { removedKeys, scannedKeys }] of told.entries()) {
          expect(removedKeys).toBeGreaterThanOrEqual(told[index - 1]?.removedKeys ?? 0);
          expect(scannedKeys).toBeGreaterThan(told[index - 1]?.scannedKeys ?? 0);
        }
        expect(
          await left(
            { ...app, cache, prefix },
            refreshed.map(({ key }) => key),
          ),
        ).toEqual([]);
      });

      test('goes on beside other calls', async () => {
        const { prefix, cache, ...app } = await start();
        await cache.apply(Array.from({ length: 1_000 }, (_, i) => set(`${prefix}old:${i}`, V, 'text')));
        const flushed = flush(cache, `${prefix}*`, { versioned: true, version: V + 1 });
        const outcomes = await cache.apply(
          Array.from({ length: 500 }, (_, i) => set(`${prefix}old:${i}`, V + 2, 'new')),
        );
        expect(new Set(outcomes)).toEqual(new Set(['applied']));
        await flushed;
        expect(await app.read(`${prefix}old:0`)).toBe('new');
        expect(await app.read(`${prefix}old:999`)).toBeNull();
      });

      test('ends with the reason when it is aborted, and leaves the rest', async () => {
        const { prefix, cache, ...app } = await start();
        const keys = Array.from({ length: 3_000 }, (_, i) => `${prefix}${i}`);
        await cache.apply(keys.map((key) => set(key, V, 'text')));
        const stop = new AbortController();
        const reason = new Error('stopped by the test');
        const request = { pattern: `${prefix}*`, version: V, versioned: true };
        await expect(cache.flush(request, () => stop.abort(reason), stop.signal)).rejects.toBe(reason);
        expect((await left({ ...app, cache, prefix }, keys)).length).toBeGreaterThan(0);
        await expect(cache.flush(request, () => undefined, stop.signal)).rejects.toBe(reason);
        // The cache itself is none the worse.
        expect((await flush(cache, `${prefix}*`, { versioned: true })).removedKeys).toBeGreaterThan(0);
        expect(await left({ ...app, cache, prefix }, keys)).toEqual([]);
      });

      test('of nothing removes nothing', async () => {
        const { prefix, cache } = await start();
        expect(await flush(cache, `${prefix}*`)).toMatchObject({ removedKeys: 0 });
      });
    });

    test('check resolves while the target takes writes', async () => {
      const { cache } = await start();
      await expect(cache.check()).resolves.toBeUndefined();
    });
  });
}
