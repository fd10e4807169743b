import { describe, expect, it } from 'vitest';
import { hashTag, keySlot, SLOTS } from '../../../src/cache/key-slot.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import { matchesRedisGlob } from '../../support/redis-glob.ts';

const ODD_KEYS = ['', '}', '{}', '{}x', 'a}b', 'a}{b', 'x{}{y}', '}}', '{', '{{', 'a{b', 'ä}ö'];
const TAGGED_KEYS = ['{a}', 'user:{42}:name', '{a}{b}', 'a{b}c{d}', '{{a}}', '}{a}', 'list:{"page":1}'];
const PLAIN_KEYS = ['a', 'product:7', 'with space', 'line\r\nend', 'ünï🦆', ':', 'sluice:v:a'];

describe('cluster slots', () => {
  // As CLUSTER KEYSLOT of a Redis server answers.
  it.each([
    ['123456789', 12_739],
    ['', 0],
    ['foo', 12_182],
    ['foo{hash_tag}', 2_515],
    ['{user1000}.following', 3_443],
    ['foo{}{bar}', 8_363],
    ['foo{{bar}}zap', 4_015],
    ['foo{bar}{zap}', 5_061],
  ])('of %j is %i', (key, slot) => {
    expect(keySlot(key)).toBe(slot);
  });

  it('know a hash tag only between the first opening brace and the first closing one after it', () => {
    expect(TAGGED_KEYS.map(hashTag)).toEqual(['a', '42', 'a', 'b', '{a', 'a', '"page":1']);
    expect([...ODD_KEYS, ...PLAIN_KEYS].map(hashTag)).toEqual([...ODD_KEYS, ...PLAIN_KEYS].map(() => null));
  });
});

describe('the version key of a cache key', () => {
  const keys = new VersionKeys();

  it('puts an ordinary key in braces', () => {
    expect(keys.of('product:7')).toBe('sluice:v:{product:7}');
  });

  it('keeps the hash tag of a key that has one', () => {
    expect(keys.of('user:{42}:name')).toBe('sluice:v:{42}:user:{42}:name');
  });

  it('lies in the slot of the key, whatever braces it has', () => {
    for (const key of [...ODD_KEYS, ...TAGGED_KEYS, ...PLAIN_KEYS]) {
      expect([key, keySlot(keys.of(key))]).toEqual([key, keySlot(key)]);
    }
  });

  it('belongs to no other key, not even to one made to look like it', () => {
    const all = [...ODD_KEYS, ...TAGGED_KEYS, ...PLAIN_KEYS];
    const lookalikes = all.flatMap((key) => [`{${key}}`, `{${key}}:${key}`, keys.of(key), keys.of(key).slice(9)]);
    const distinct = new Set([...all, ...lookalikes]);
    expect(new Set([...distinct].map((key) => keys.of(key))).size).toBe(distinct.size);
  });

  it('finds a number for every slot', () => {
    const slots = new Set(Array.from({ length: 3 * SLOTS }, (_, i) => `}${i}`).map((key) => keySlot(keys.of(key))));
    expect(slots.size).toBeGreaterThan(SLOTS * 0.9);
  });
});

it('a version key says which key it is of, and is found by the glob of that key', () => {
  const versionKeys = new VersionKeys();
  for (const key of [...ODD_KEYS, ...TAGGED_KEYS, ...PLAIN_KEYS])
    expect(versionKeys.keyOf(versionKeys.of(key))).toBe(key);
  for (const other of ['product:7', 'sluice:epoch:shop.t', 'sluice:v:', 'sluice:v:{a', 'sluice:v:{a}b']) {
    expect(versionKeys.keyOf(other)).toBeNull();
  }
  for (const key of ['product:7', 'product:{7}:name', 'product:a}b']) {
    expect(matchesRedisGlob(versionKeys.patternOf('product:*'), versionKeys.of(key))).toBe(true);
  }
  expect(matchesRedisGlob(versionKeys.patternOf('product:*'), versionKeys.of('card:7'))).toBe(false);
});
