import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cache, CacheCommand } from '../../src/ports.ts';

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

    test('check resolves while the target takes writes', async () => {
      const { cache } = await start();
      await expect(cache.check()).resolves.toBeUndefined();
    });
  });
}
