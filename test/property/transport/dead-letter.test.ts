import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeOrigin, Invalidation } from '../../../src/model/invalidation.ts';
import type { JsonValue } from '../../../src/model/row-change.ts';
import type { DeadLetter } from '../../../src/ports.ts';
import { decodeDeadLetter, type LetterContent } from '../../../src/transport/dead-letter-decoder.ts';
import { encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { deleteOf, flushOf, ORIGIN, plain, refreshOf } from '../../support/invalidations.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const image = fc.option(
  fc.dictionary(text, json).map((each) => JSON.parse(JSON.stringify(each)) as Record<string, JsonValue>),
);
const origin: fc.Arbitrary<ChangeOrigin> = fc
  .record({ database: text, table: text, primaryKey: image, gtid: fc.option(text) })
  .map((facts) => ({ ...ORIGIN, ...facts }));
const key = text.map((each) => `k${each}`);
const invalidation: fc.Arbitrary<Invalidation> = fc
  .tuple(key, text, origin, fc.maxSafeNat(), image, fc.nat(2))
  .map(([key, partitionKey, origin, version, columns, kind]) => {
    const more = { partitionKey, origin };
    if (kind === 0) return deleteOf(key, version, more);
    return kind === 1 ? refreshOf(key, version, columns, more) : flushOf(key, version, { partitionKey });
  });

const letter: fc.Arbitrary<DeadLetter> = fc.record({
  reason: text,
  target: fc.option(text),
  item: fc.oneof(
    fc.record({ kind: fc.constant('invalidation' as const), invalidation, place: text }),
    fc.record({ kind: fc.constant('unreadable' as const), raw: text, reason: text, place: text }),
    fc.record({
      kind: fc.constant('unmapped' as const),
      rule: text,
      origin,
      version: fc.maxSafeNat(),
      before: image,
      after: image,
      place: text,
    }),
  ),
});
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });

/** The origin of a record is read when it is asked for. */
const taken = (content: LetterContent): LetterContent =>
  content.kind === 'record' ? { ...content, invalidation: plain(content.invalidation) } : content;

/** What comes back of a letter's item. */
function contentOf({ item }: DeadLetter): object {
  if (item.kind === 'invalidation') return { kind: 'record', invalidation: plain(item.invalidation), truncated: false };
  if (item.kind === 'unreadable') return { kind: 'raw', raw: item.raw, truncated: false };
  const { rule, version, origin, before, after } = item;
  return { kind: 'change', rule, version, origin, images: { before, after } };
}

const LETTER: DeadLetter = {
  reason: 'READ_REFUSED: no table',
  target: 'main',
  item: { kind: 'invalidation', invalidation: refreshOf('card:1', 7, { id: 1 }), place: 'topic/3@14' },
};

/** Either it is read, or refused with the code; nothing else may happen. */
function decodes(given: string): boolean {
  try {
    decodeDeadLetter(given);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'DEAD_LETTER_UNREADABLE' });
    return false;
  }
}

describe('dead letters', () => {
  it('are read back as they were kept', () => {
    fc.assert(
      fc.property(letter, time, (kept, keptAtMs) => {
        const { reason, target, item } = kept;
        const expected = { reason, target, place: item.place, keptAtMs, content: contentOf(kept) };
        const read = decodeDeadLetter(encodeDeadLetter(kept, keptAtMs));
        expect({ ...read, content: taken(read.content) }).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('of any text are refused with a code', () => {
    fc.assert(fc.property(text, (given) => !decodes(given)));
    fc.assert(fc.property(fc.json(), (given) => !decodes(given)));
  });

  it('with any field changed or left out are read or refused, never more than that', () => {
    const good = JSON.parse(encodeDeadLetter(LETTER, 0)) as Record<string, unknown>;
    const name = fc.constantFrom(...Object.keys(good), 'raw', 'change', 'truncated', '__proto__', 'other');
    fc.assert(
      fc.property(name, fc.option(fc.jsonValue(), { nil: undefined }), (field, value) => {
        decodes(JSON.stringify({ ...good, [field]: value }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('with bytes changed or cut off are read or refused', () => {
    const good = encodeDeadLetter(LETTER, 0);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), fc.nat(5), (at, put, cut) => {
        decodes(good.slice(0, at) + put + good.slice(at + cut));
      }),
      { numRuns: 5_000 },
    );
    for (let length = 0; length < good.length; length++) expect(decodes(good.slice(0, length))).toBe(false);
  });
});
