import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import { PacketFramer } from '../../../src/source/packet-framer.ts';
import { decoderOf, describeChange, recordedEvents, sealed, takeAll } from '../../support/recorded-log.ts';

type Push = (bytes: Buffer, start: number, end: number) => void;

/** What a decoder makes of it all: the changes, and the error that ended it. */
function outcomeOf(feed: (push: Push) => void): { changes: string[]; error: string | null } {
  const decoder = decoderOf('mysql');
  const changes: string[] = [];
  let error: string | null = null;
  const take = (): void => {
    for (const batch of takeAll(decoder)) changes.push(...batch.changes.map(describeChange));
  };
  try {
    feed((bytes, start, end) => decoder.push(bytes, start, end));
    take();
  } catch (thrown) {
    error = String(thrown);
  }
  try {
    take();
  } catch {
    // The same again.
  }
  return { changes, error };
}

const inChunks = (stream: Buffer, sizes: readonly number[]) => (push: Push): void => {
  const framer = new PacketFramer({ onPayload: (bytes, start, end) => push(bytes, start + 1, end) });
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? stream.length);
    framer.push(Buffer.from(stream.subarray(at, end)));
    at = end;
  }
}; // prettier-ignore

const withoutChecksum = (event: Buffer): Buffer => {
  const bare = Buffer.from(event.subarray(0, -4));
  bare.writeUInt32LE(bare.length, 9);
  return bare;
};

const recorded = recordedEvents('mysql');
const [description = Buffer.alloc(0)] = recorded.filter((event) => event[4] === EVENT.formatDescription);
const unsealed = Buffer.from(description);
unsealed[unsealed.length - 5] = 0;
sealed(unsealed);
// As in the middle of a file, so that it does not seem to have been damaged.
unsealed.writeUInt32LE(0, 19 + 52);
/** With checksums, without, and with them again. */
const events = [...recorded, unsealed, ...recorded.filter((event) => event !== description).map(withoutChecksum), ...recorded]; // prettier-ignore

it('a stream cut anywhere and damaged anywhere in its events gives what the events give one by one', () => {
  const damage = fc.array(fc.tuple(fc.nat(events.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }); // prettier-ignore
  const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });
  let refused = 0;
  fc.assert(
    fc.property(damage, sizes, (damages, sizes) => {
      const damaged = events.map((event) => Buffer.from(event));
      for (const [index, at, bits] of damages) {
        const event = damaged[index];
        if (event !== undefined) event[at % event.length] = (event[at % event.length] ?? 0) ^ bits;
      }
      const packets = damaged.flatMap((event, number) => {
        const head = Buffer.from([0, 0, 0, number & 0xff, 0]);
        head.writeUIntLE(event.length + 1, 0, 3);
        return [head, event];
      });
      const alone = outcomeOf((push) => {
        for (const event of damaged) push(event, 0, event.length);
      });
      if (alone.error !== null) refused++;
      expect(outcomeOf(inChunks(Buffer.concat(packets), sizes))).toEqual(alone);
    }),
    { numRuns: 100 },
  );
  expect(refused).toBeGreaterThan(25);
});
