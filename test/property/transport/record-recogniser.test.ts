import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { JsonValue } from '../../../src/model/row-change.ts';
import { ShapeError } from '../../../src/transport/json-shape.ts';
import { RecordDecoder } from '../../../src/transport/record-decoder.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { RecordReader, type RawRecord } from '../../../src/transport/record-reader.ts';
import { RecordRecogniser } from '../../../src/transport/record-recogniser.ts';
import { anyText, columnsOf, invalidationOf } from '../../support/invalidation-arbitraries.ts';
import { deleteOf, ORIGIN, plain, refreshOf } from '../../support/invalidations.ts';

const decoder = new RecordDecoder();
const recogniser = new RecordRecogniser();

type Outcome = { readonly invalidation: Invalidation } | { readonly reason: string };

/** What a record is, field by field. */
function read(record: RawRecord): Outcome {
  try {
    return { invalidation: new RecordReader().read(record) };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { reason: error.message };
  }
}

function decode(record: RawRecord): Outcome {
  const item = decoder.decode(record, 'topic/0@0');
  return item.kind === 'unreadable' ? { reason: item.reason } : { invalidation: plain(item.invalidation) };
}

function expectSame(record: RawRecord): void {
  deepStrictEqual(decode(record), read(record));
}

function recordOf(invalidation: Invalidation): { readonly key: Buffer; readonly value: Buffer } {
  return { key: Buffer.from(invalidation.partitionKey), value: Buffer.from(encodeRecord(invalidation)) };
}

/** ASCII that needs no escape: what keys and names mostly are. */
const plainText = fc
  .string({ maxLength: 12 })
  .map((each) => each.replace(/["\\]/g, '_'))
  .filter((each) => /^[ -~]*$/.test(each));
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.constantFrom('\ud800', 'a\udc00b'),
  fc.integer(),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((each) => Number(each.toFixed(4)) + 0),
  fc.boolean(),
  fc.constant(null),
);
const plainInvalidation = invalidationOf(plainText, columnsOf(plainText, scalar));
const frequent = plainInvalidation.filter(({ action }) => action === 'delete' || action === 'refresh');

/** Values, as JSON, for which a field must not be taken lightly. */
const ODD_VALUES = [
  '0 -0 -1 7 00 01 1.0 1.5 1e3 1e999 -1e999 99 100 600000 600001 8999999999999999 9000000000000000 9007199254740991'.split(' '),
  '9007199254740992 9007199254740993 99999999999999999999 null true false [] {} "" "a" "\\u0061" "\\ud800" "\\x" "\t"'.split(' '),
  ['"\u00fc"', '"\ud83d\ude00"', '"\ufffd"', '"\x7f"', '"delete"', '"refresh"', '"flush"', '"epoch"', '"truncate"'],
  ['"sluice:"', '"sluice:v:{a}"', '"sluice:epoch:a.b"', '"Sluice:"', '{"a":1}', '{"a":[1]}', '{"a":{"b":1}}', '{"a":-0}'],
  ['{"__proto__":1}', '{"a":1,"a":2}', '{"a":"\\ud800"}', '{"a":"\\u00"}', '{"a":1e999}', '{"a":1,}', '{"a" :1}', '{1:1}'],
  ['{"file":"f","offset":1}', '{"offset":1,"file":"f"}', '{"file":"f","offset":1,"x":1}', '{"file":"f","offset":-1}'],
  ['{"state":"gone","columns":{}}', '{"columns":{},"state":"gone"}', '{"state":"x","columns":{}}', '{"state":"gone","columns":[]}'],
  ['{"state":"gone","columns":{"a":1e999}}', '{"state":"gone","columns":{"a":[{"b":null}]}}', '{"state":"gone","columns":{} }'],
  ...['2023-02-29', '2024-02-29', '2000-02-29', '2100-02-29', '0000-01-01', '2024-04-31', '2024-12-31', '2024-13-01', '2024-00-10', '2024-01-00'].map(
    (day) => [`"${day}T00:00:00.000Z"`, `"${day}T23:59:59.123456Z"`],
  ),
  ['"2024-01-01T24:00:00.000Z"', '"2024-01-01T00:60:00.000Z"', '"2024-01-01T00:00:60.000Z"', '"2024-01-01T00:00:00.0000Z"'],
].flat(); // prettier-ignore

/** Strings, numbers and words of a record, wherever they stand. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+|null|true/g;
/** What has a meaning in JSON, ends of ranges of characters, and bytes that are not UTF-8 alone. */
const ODD_BYTES = [...Buffer.from(' "\\{}[]:,.-+/0159aeEflnrtuZT\0\t\n\x1f\x7f'), 0x80, 0xc3, 0xff];
const SAMPLES = [
  deleteOf('product:1', 1_790_000_000_000_123, { origin: { ...ORIGIN, gtid: 'a-b:1', commitTimeMs: 1_709_164_800_000.25 } }),
  deleteOf('product:1', 7, { versioned: true, againAfterMs: 1_000, partitionKey: 'p', origin: { ...ORIGIN, primaryKey: { a: -1.5, b: '\\\ud800', c: true } } }),
  refreshOf('card:1', 0, { id: 1, name: 'ü' }, { origin: { ...ORIGIN, ruleSet: '', primaryKey: null } }),
]; // prettier-ignore

const place = fc.nat(2 ** 30);
/** Changes a record: its bytes, or its fields as written. */
type Change = (value: Buffer) => Buffer;
const onBytes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(([at, byte]): Change => (value) => {
    const changed = Buffer.from(value);
    if (value.length > 0) changed[at % value.length] = byte;
    return changed;
  }),
  place.map((at): Change => (value) => value.subarray(0, at % (value.length + 1))),
  fc.tuple(place, fc.nat(9)).map(([at, count]): Change => (value) => {
    const begin = at % (value.length + 1);
    return Buffer.concat([value.subarray(0, begin), value.subarray(begin + count)]);
  }),
  fc.tuple(place, fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(...['"', '\\', '\\"', ' ', '}', '\n', '\ufeff', '\ud800', ',"x":1', '","'].map((each) => Buffer.from(each))))).map(([at, bytes]): Change => (value) => {
    const begin = at % (value.length + 1);
    return Buffer.concat([value.subarray(0, begin), bytes, value.subarray(begin)]);
  }),
); // prettier-ignore
/** Members of the record, `"name":value` each; a record that is no longer JSON stays as it is. */
const onMembers = (change: (members: string[]) => void): Change => {
  return (value) => {
    try {
      const json = JSON.parse(value.toString('utf8')) as Record<string, unknown>;
      const members = Object.entries(json).map((each) => each.map((part) => JSON.stringify(part)).join(':'));
      change(members);
      return Buffer.from(`{${members.join(',')}}`);
    } catch {
      return value;
    }
  };
};
const onFields: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, place).map(([from, to]) =>
    onMembers((members) => {
      const [one, other] = [from % members.length, to % members.length];
      [members[one], members[other]] = [members[other] ?? '', members[one] ?? ''];
    }),
  ),
  fc.tuple(place, place).map(([from, to]) =>
    onMembers((members) => {
      members.splice(to % (members.length + 1), 0, members[from % members.length] ?? '');
    }),
  ),
  place.map((at) => onMembers((members) => void members.splice(at % members.length, 1))),
  fc.tuple(place, fc.constantFrom(...ODD_VALUES), fc.boolean()).map(([at, odd, isDuplicate]) =>
    onMembers((members) => {
      const index = at % members.length;
      const name = /^"[^"]*"/.exec(members[index] ?? '')?.[0] ?? '"x"';
      members.splice(index, isDuplicate ? 0 : 1, `${name}:${odd}`);
    }),
  ),
);
const changes = fc.array(fc.oneof(onBytes, onFields), { minLength: 1, maxLength: 2 });
const onKey: fc.Arbitrary<(key: Buffer) => Buffer | null> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((key: Buffer) => key) },
  { weight: 1, arbitrary: onBytes },
  { weight: 1, arbitrary: fc.constant(() => null) },
);

describe('a record that is recognised', () => {
  it('is what it is field by field, for all that can be written', () => {
    fc.assert(
      fc.property(fc.oneof(plainInvalidation, invalidationOf(anyText)), (invalidation) => {
        const record = recordOf(invalidation);
        expectSame(record);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is any delete and any refresh whose texts are plain', () => {
    fc.assert(
      fc.property(frequent, (invalidation) => {
        // The newest 7·10^12 of 9·10^15 numbers are left to the strict reader.
        fc.pre(invalidation.version < 9e15 && invalidation.origin.coordinates.offset < 9e15);
        fc.pre(encodeRecord(invalidation).length < 1_024);
        const recognised = recogniser.recognise(recordOf(invalidation));
        expect(recognised === null ? null : plain(recognised)).toEqual(invalidation);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(SAMPLES)('is the same, or wrong for the same reason, with any odd value in any place: %#', (sample) => {
    const { key, value } = recordOf(sample);
    const text = value.toString('utf8');
    for (const { 0: token, index } of text.matchAll(TOKENS)) {
      for (const odd of ODD_VALUES) {
        const changed = text.slice(0, index) + odd + text.slice(index + token.length);
        // Under the key that it might now have, too.
        for (const each of [key, Buffer.from(odd.slice(1, -1))]) expectSame({ key: each, value: Buffer.from(changed) });
      }
    }
  });

  it.each(SAMPLES)(
    'is the same, or wrong for the same reason, with any byte changed, added or missing: %#',
    (sample) => {
      const { key, value } = recordOf(sample);
      for (let at = 0; at <= value.length; at++) {
        const [before, behind] = [value.subarray(0, at), value.subarray(at + 1)];
        expectSame({ key, value: before });
        expectSame({ key, value: Buffer.concat([before, behind]) });
        for (const byte of ODD_BYTES) {
          expectSame({ key, value: Buffer.concat([before, Buffer.of(byte), behind]) });
          expectSame({ key, value: Buffer.concat([before, Buffer.of(byte), value.subarray(at)]) });
        }
      }
    },
  );

  it('is what it is field by field, or wrong for the same reason, after any change', () => {
    let recognised = 0;
    fc.assert(
      fc.property(frequent, changes, onKey, (invalidation, each, changeKey) => {
        const { key, value } = recordOf(invalidation);
        const record = { key: changeKey(key), value: each.reduce((bytes, change) => change(bytes), value) };
        if (recogniser.recognise(record) !== null) recognised++;
        expectSame(record);
      }),
      { numRuns: 3_000 },
    );
    // Or nothing was compared.
    expect(recognised).toBeGreaterThan(50);
  });

  it('says the same of its origin in whatever order several are asked', () => {
    fc.assert(
      fc.property(frequent, frequent, fc.array(fc.boolean(), { minLength: 1 }), (one, other, order) => {
        const items = [one, other].map((each) => {
          const item = decoder.decode(recordOf(each), 'topic/0@0');
          return item.kind === 'invalidation' ? item.invalidation : null;
        });
        for (const isFirst of order) {
          const [asked, expected] = isFirst ? [items[0], one] : [items[1], other];
          expect(asked?.origin.gtid).toBe(expected.origin.gtid);
          expect(asked?.origin.commitTimeMs).toBe(expected.origin.commitTimeMs);
          expect(asked?.origin.primaryKey).toEqual(expected.origin.primaryKey);
        }
      }),
    );
  });
});
