import { expect, it } from 'vitest';
import { PacketFramer } from '../../../src/source/packet-framer.ts';

const framed = (payload: Buffer, number: number): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = number & 0xff;
  return Buffer.concat([head, payload]);
};

function framer() {
  const found: { readonly bytes: Buffer; readonly number: number }[] = [];
  const onPayload = (bytes: Buffer, start: number, end: number, number: number): void =>
    void found.push({ bytes: bytes.subarray(start, end), number });
  return { found, framer: new PacketFramer({ onPayload }) };
}

it('finds every packet, however the stream is cut, and never copies one that came whole', () => {
  // Also one without a payload, and one of the size of a head.
  const payloads = Array.from({ length: 40 }, (_, index) =>
    Buffer.alloc([0, 4, 1 + index * 7][index] ?? index * 7, index + 1),
  );
  // Its length needs all three bytes of the head.
  payloads.push(Buffer.alloc(70_000, 9));
  const stream = Buffer.concat(payloads.map(framed));
  for (const size of [1, 2, 3, 4, 5, 7, 50, 133, 1000]) {
    const { found, framer: each } = framer();
    for (let at = 0; at < stream.length; at += size) each.push(Buffer.from(stream.subarray(at, at + size)));
    // All of them, after all came: nothing is written to again.
    expect(found, `in chunks of ${size} bytes`).toEqual(payloads.map((bytes, number) => ({ bytes, number })));
  }
  const { found, framer: whole } = framer();
  whole.push(stream);
  expect(found.every(({ bytes }) => bytes.buffer === stream.buffer)).toBe(true);
});

it('puts a payload over 16 MB together, and one of exactly 16 MB', () => {
  for (const rest of [100, 0]) {
    const payload = Buffer.alloc(0xffffff + rest, 7);
    const { found, framer: each } = framer();
    const stream = Buffer.concat([
      framed(payload.subarray(0, 0xffffff), 1),
      framed(payload.subarray(0xffffff), 2),
      framed(Buffer.from('next'), 3),
    ]);
    for (let at = 0; at < stream.length; at += 65_536) each.push(stream.subarray(at, at + 65_536));
    expect(found.map(({ number }) => number)).toEqual([2, 3]);
    expect(found[0]?.bytes.equals(payload)).toBe(true);
    expect(String(found[1]?.bytes)).toBe('next');
  }
});

it('finds the head of the second part of a payload over 16 MB wherever the stream is cut in it', () => {
  const payload = Buffer.alloc(0xffffff + 3, 7);
  const stream = Buffer.concat([
    framed(payload.subarray(0, 0xffffff), 1),
    framed(payload.subarray(0xffffff), 2),
    framed(Buffer.from('next'), 3),
  ]);
  const secondHead = 4 + 0xffffff;
  for (let cut = secondHead - 1; cut <= secondHead + 8; cut++) {
    const { found, framer: each } = framer();
    each.push(stream.subarray(0, 2));
    each.push(stream.subarray(2, cut));
    each.push(stream.subarray(cut, cut + 1));
    each.push(stream.subarray(cut + 1));
    expect(found.map(({ bytes, number }) => [bytes.length, number]), `cut at ${cut - secondHead}`).toEqual([[payload.length, 2], [4, 3]]); // prettier-ignore
    expect(found[0]?.bytes.equals(payload)).toBe(true);
  }
});
