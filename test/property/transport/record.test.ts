import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../../src/transport/record-decoder.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { anyText, invalidationOf } from '../../support/invalidation-arbitraries.ts';
import { deleteOf, epochOf, flushOf, plainItem, refreshOf } from '../../support/invalidations.ts';
import { matchesRedisGlob } from '../../support/redis-glob.ts';

const invalidation = invalidationOf(anyText);

const decode = (key: Buffer | null, value: Buffer | null) => decodeRecord({ key, value }, 'topic/0@0');

describe('records', () => {
  it('give back every invalidation exactly', () => {
    fc.assert(
      fc.property(invalidation, (original) => {
        const item = decode(Buffer.from(original.partitionKey), Buffer.from(encodeRecord(original)));
        expect(plainItem(item)).toEqual({ kind: 'invalidation', invalidation: original, place: 'topic/0@0' });
      }),
      { numRuns: 500 },
    );
  });

  it('are what JSON.parse reads', () => {
    fc.assert(fc.property(invalidation, (original) => void JSON.parse(encodeRecord(original))));
  });

  it('of any bytes never throw', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.option(bytes), fc.option(bytes), (key, value) => {
        expect(decode(key, value).kind).toBe('unreadable');
      }),
    );
  });

  it('of any JSON, and of any record with a changed field, never throw', () => {
    const good = JSON.parse(encodeRecord(deleteOf('a', 1))) as Record<string, unknown>;
    const field = fc.constantFrom(
      ...Object.keys(good),
      'row',
      'versioned',
      'reason',
      'rules',
      'partition_key',
      '__proto__',
      'constructor',
    );
    fc.assert(
      fc.property(field, fc.jsonValue(), (name, value) => {
        const changed = JSON.stringify(good).slice(0, -1) + `,${JSON.stringify(name)}:${JSON.stringify(value)}}`;
        decode(Buffer.from('a'), Buffer.from(changed));
        decode(Buffer.from('a'), Buffer.from(JSON.stringify(value)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of any record with one byte changed never throw', () => {
    const good = Buffer.from(encodeRecord(deleteOf('a', 1)));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        decode(Buffer.from('a'), changed);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of any key and any action reach no key of Sluice itself but the epoch of their own table, and never every key', () => {
    const part = fc.constantFrom(...'sluice:', '\\', '*', '?', '[', ']', '^', 'sluice:', 'epoch:shop.products', 'v:');
    const anyKey = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    const unlike = ['', 'Q', 'Q7', 'Z:Q:Z'];
    const actions = fc.constantFrom(
      deleteOf('', 1),
      refreshOf('', 1, null),
      flushOf('', 1),
      epochOf('shop.products', 1),
    );
    fc.assert(
      fc.property(anyKey, actions, (key, action) => {
        const item = decode(Buffer.from('p'), Buffer.from(encodeRecord({ ...action, key, partitionKey: 'p' })));
        if (item.kind === 'unreadable') return;
        if (action.action === 'epoch') expect(key).toBe('sluice:epoch:shop.products');
        else if (action.action === 'flush') expect(unlike.every((each) => matchesRedisGlob(key, each))).toBe(false);
        else expect(key.startsWith('sluice:')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
