import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, hasChecksum } from '../../../src/decode/binlog/checksum.ts';
import { ChecksumRuns } from '../../../src/decode/binlog/checksum-run.ts';

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Events as packets of a socket: of random bytes, their lengths and their checksums. */
function chunkOf(bodies: readonly Uint8Array[]): { bytes: Buffer; places: Place[] } {
  const places: Place[] = [];
  let at = 0;
  const packets = bodies.map((body, number) => {
    const event = Buffer.concat([Buffer.alloc(19, body), body, Buffer.alloc(4)]);
    event.writeUInt32LE(event.length, 9);
    // Not a format description, whose checksum may be that of another flag.
    event[4] = 2;
    event.writeInt32LE(crc32(event, 0, event.length - 4), event.length - 4);
    const head = Buffer.from([0, 0, 0, number & 0xff, 0]);
    head.writeUIntLE(event.length + 1, 0, 3);
    places.push({ start: at + head.length, end: at + head.length + event.length });
    at += head.length + event.length;
    return Buffer.concat([head, event]);
  });
  return { bytes: Buffer.concat(packets), places };
}

const answers = (bytes: Buffer, places: readonly Place[]): boolean[] => {
  const runs = new ChecksumRuns();
  return places.map(({ start, end }) => runs.isRight(bytes, start, end));
};

const body = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 120 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 300, maxLength: 700 }) },
);
const bodies = fc.array(body, { minLength: 1, maxLength: 40 });

describe('the checksums of events that stand behind each other', () => {
  it('are right together when each is, however a chunk begins and ends', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), (given, skip) => {
        const { bytes, places } = chunkOf(given);
        const some = places.slice(skip % places.length);
        expect(answers(bytes, some)).toEqual(some.map(() => true));
        const cut = bytes.subarray(0, some.at(-1)?.end);
        expect(answers(cut, some)).toEqual(some.map(() => true));
      }),
    );
  });

  it('are found wrong one by one, whatever was damaged: events, their checksums, lengths, what stands between', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(bodies, damage, (given, damages) => {
        const { bytes, places } = chunkOf(given);
        for (const [at, bits] of damages) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
        const alone = places.map(({ start, end }) => hasChecksum(bytes, start, end));
        expect(answers(bytes, places)).toEqual(alone);
      }),
      { numRuns: 3_000 },
    );
  });

  it('take one call for all of a chunk', () => {
    const { bytes, places } = chunkOf(Array.from({ length: 500 }, (_, i) => Buffer.alloc(40 + (i % 50), i)));
    const runs = new ChecksumRuns();
    const [first, last] = [places[0], places.at(-1)];
    expect(runs.isRight(bytes, first?.start ?? 0, first?.end ?? 0)).toBe(true);
    // It was looked at then, and not again.
    bytes.fill(0, last?.start, last?.end);
    expect(runs.isRight(bytes, last?.start ?? 0, last?.end ?? 0)).toBe(true);
  });
});
