import type { Random } from './random.ts';

/** Numbers at which arithmetic on lengths and counts goes wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff] as const;

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (bytes, random) =>
    at(bytes, random, (place) => bytes.writeUInt8((bytes[place] ?? 0) ^ (1 << random.below(8)), place)),
  (bytes, random) => at(bytes, random, (place) => bytes.writeUInt8(random.below(256), place)),
  // A length, a count, an id.
  (bytes, random) =>
    at(bytes, random, (place) => {
      const edge = random.pick(EDGES);
      const width = Math.min(bytes.length - place, edge > 0xffff ? 4 : edge > 0xff ? 2 : 1 + random.below(4));
      bytes.writeUIntLE(edge % 256 ** width, place, width);
    }),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => cut(bytes, random),
  (bytes, random) => {
    const place = random.below(bytes.length + 1);
    const piece = bytes.subarray(place, place + 1 + random.below(32));
    return Buffer.concat([bytes.subarray(0, place), piece, piece, bytes.subarray(place)]);
  },
  (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]),
  (bytes, random) => {
    const place = random.below(bytes.length + 1);
    const noise = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, place), noise, bytes.subarray(place)]);
  },
];

/** A changed copy. `other`: bytes of the same kind, for splices. */
export function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  return random.pick(MUTATIONS)(Buffer.from(bytes), random, other);
}

function at(bytes: Buffer, random: Random, change: (place: number) => void): Buffer {
  if (bytes.length > 0) change(random.below(bytes.length));
  return bytes;
}

function cut(bytes: Buffer, random: Random): Buffer {
  const from = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(16))]);
}
