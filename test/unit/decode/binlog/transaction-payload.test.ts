import { afterEach, describe, expect, it, vi } from 'vitest';
import { PayloadEvents } from '../../../../src/decode/binlog/transaction-payload.ts';

const MIB = 1 << 20;
const BLOCK_BYTES = 128 * 1024;

/** An event of so many bytes, its header among them. */
function eventOf(length: number): Buffer {
  const event = Buffer.alloc(length);
  for (let at = 0; at < length; at++) event[at] = at * 7;
  event.writeUInt32LE(length, 9);
  return event;
}

interface FrameOptions {
  /** As the head of the frame says it: an exponent over 10 and three bits of eighths. */
  readonly window?: number;
  readonly checksum?: Buffer | null;
  readonly dictionary?: boolean;
}

const frameHead = ({ window = 11 << 3, checksum = null, dictionary = false }: FrameOptions): Buffer =>
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, (checksum === null ? 0 : 4) | (dictionary ? 1 : 0), window, ...(dictionary ? [7] : [])]); // prettier-ignore

function blockHead(isLast: boolean, type: 0 | 1, size: number): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((isLast ? 1 : 0) | (type << 1) | (size << 3), 0, 3);
  return head;
}

/** zstd that compresses nothing: one frame of blocks as they are. */
function stored(bytes: Buffer, options: FrameOptions = {}): Buffer {
  const parts = [frameHead(options)];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    parts.push(blockHead(at + BLOCK_BYTES >= bytes.length, 0, block.length), block);
  }
  return Buffer.concat([...parts, options.checksum ?? Buffer.alloc(0)]);
}

const SHORT = eventOf(40);

const opened = (payload: Buffer, uncompressedBytes: number): PayloadEvents =>
  new PayloadEvents({ isCompressed: true, payload, uncompressedBytes });

function all(events: PayloadEvents): Buffer[] {
  const found: Buffer[] = [];
  for (let event = events.next(); event !== null; event = events.next()) found.push(event);
  return found;
}

describe('the events of a large compressed transaction', () => {
  afterEach(() => vi.restoreAllMocks());

  it('come out one by one, wherever blocks and frames end, with a checksum and without', () => {
    const events = [eventOf(19), eventOf(BLOCK_BYTES - 25), eventOf(MIB), eventOf(3 * BLOCK_BYTES - 19), eventOf(40)];
    const bytes = Buffer.concat(events);
    const half = 700_001;
    const streams = [
      stored(bytes),
      stored(bytes, { checksum: Buffer.alloc(4, 9) }),
      Buffer.concat([
        stored(bytes.subarray(0, half), { checksum: Buffer.alloc(4) }),
        stored(bytes.subarray(half, half + 1)),
        stored(bytes.subarray(half + 1)),
      ]),
    ];
    for (const stream of streams) {
      const found = all(opened(stream, bytes.length));
      expect(found.map((event, index) => event.equals(events[index] ?? SHORT))).toEqual(events.map(() => true));
    }
  });

  it('are copied a fixed number of times, however large one is', () => {
    const copied = (length: number): number => {
      let bytes = 0;
      const concat = Buffer.concat.bind(Buffer);
      const spy = vi.spyOn(Buffer, 'concat').mockImplementation((list, total) => {
        const joined = concat(list, total);
        bytes += joined.length;
        return joined;
      });
      const stream = stored(eventOf(length));
      bytes = 0;
      expect(all(opened(stream, length))).toHaveLength(1);
      spy.mockRestore();
      return bytes / length;
    };
    expect(copied(4 * MIB)).toBeLessThan(1.1);
    expect(copied(16 * MIB)).toBeLessThan(1.1);
  });

  it('are uncompressed block by block: of a long run no more than was asked for', () => {
    const count = 64;
    // Four bytes of stream for each MiB of zeros.
    const runs = Array.from({ length: count }, (_, index) => [
      blockHead(index === count - 1, 1, MIB),
      Buffer.from([0]),
    ]);
    const head = eventOf(19);
    const first = blockHead(false, 0, head.length);
    const payload = Buffer.concat([frameHead({}), first, head, ...runs.flat()]);
    const events = opened(payload, head.length + count * MIB);
    expect(events.next()).toEqual(head);
    expect(events.heldBytes).toBeLessThan(payload.length + 3 * MIB);
    expect(() => events.next()).toThrow(/an event of 0 bytes/);
    expect(events.heldBytes).toBeLessThan(payload.length + 3 * MIB);
  });

  it('that are shorter or longer than the transaction says are refused, also between events', () => {
    const bytes = Buffer.concat([eventOf(MIB), eventOf(MIB)]);
    expect(() => all(opened(stored(bytes), bytes.length + 19))).toThrow(/not as long as it says/);
    expect(() => all(opened(stored(bytes), bytes.length - 19))).toThrow(/not as long as it says|event of/);
  });

  it('are refused when the stream ends inside a block, or in a place that says it goes on', () => {
    const bytes = eventOf(2 * MIB);
    const stream = stored(bytes);
    for (const cut of [stream.length - 1, stream.length - BLOCK_BYTES, stream.length - BLOCK_BYTES - 3, 5]) {
      expect(() => all(opened(stream.subarray(0, cut), bytes.length)), `${cut} bytes`).toThrow(
        /too short|unexpected EOF/,
      );
    }
    expect(() => all(opened(Buffer.concat([stream, Buffer.from('rest')]), bytes.length + 1))).toThrow(/not zstd/);
  });
});

describe('a window', () => {
  const window = (exponent: number): number => (exponent - 10) << 3;

  it('of 64 MiB or more is refused where something can be so far back, and says what to do', () => {
    const stream = (exponent: number): Buffer => stored(SHORT, { window: window(exponent) });
    const refusal = /window of 67108864 bytes: set binlog_transaction_compression_level_zstd below 21/;
    expect(() => opened(stream(26), 2 ** 26).next()).toThrow(refusal);
    expect(opened(stream(25), 2 ** 26).next()).toEqual(SHORT);
    // What the highest level says of every stream.
    expect(all(opened(stream(27), SHORT.length))).toEqual([SHORT]);
    expect(() => opened(stream(28), SHORT.length).next()).toThrow(/window of 268435456/);
  });

  it('is that of every frame, not only of the first', () => {
    const second = stored(SHORT, { window: window(31) });
    expect(() => all(opened(Buffer.concat([stored(SHORT), second]), 80))).toThrow(/window of 2147483648/);
  });

  it('with a dictionary is refused', () => {
    expect(() => all(opened(stored(SHORT, { dictionary: true }), SHORT.length))).toThrow(/dictionary/);
  });
});
