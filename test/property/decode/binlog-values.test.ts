/** Values, written here as the servers write them, and read back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/decode/binlog/checksum.ts';
import { Cursor } from '../../../src/decode/binlog/cursor.ts';
import { decimalBytes, decimalText } from '../../../src/decode/binlog/decimal.ts';
import { applyJsonDiffs } from '../../../src/decode/binlog/json-diff.ts';
import { parseJsonBinary } from '../../../src/decode/binlog/json-binary.ts';
import { jsonText, withMember, type JsonNode } from '../../../src/decode/binlog/json-node.ts';
import { ImageShape } from '../../../src/decode/binlog/row-images.ts';
import { datetimeText, timeText, timestampText } from '../../../src/decode/binlog/temporal.ts';

const bigEndian = (value: bigint, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  for (let at = bytes - 1; at >= 0; at--, value >>= 8n) buffer[at] = Number(value & 0xffn);
  return buffer;
};

describe('DECIMAL', () => {
  const BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
  const groups = (digits: string, fromLeft: boolean): Buffer[] => {
    const parts: Buffer[] = [];
    const odd = digits.length % 9;
    if (!fromLeft && odd > 0) parts.push(bigEndian(BigInt(digits.slice(0, odd)), BYTES[odd] ?? 0));
    for (let at = fromLeft ? 0 : odd; at + 9 <= digits.length; at += 9)
      parts.push(bigEndian(BigInt(digits.slice(at, at + 9)), 4));
    if (fromLeft && odd > 0) parts.push(bigEndian(BigInt(digits.slice(-odd)), BYTES[odd] ?? 0));
    return parts;
  };

  it('prints every digit of every precision and scale', () => {
    const number = fc
      .integer({ min: 1, max: 65 })
      .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: Math.min(30, precision) })))
      .chain(([precision, scale]) =>
        fc.record({
          scale: fc.constant(scale),
          precision: fc.constant(precision),
          digits: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: precision, maxLength: precision }),
          isNegative: fc.boolean(),
        }),
      );
    fc.assert(
      fc.property(number, ({ precision, scale, digits, isNegative }) => {
        const text = digits.join('');
        const [whole, fraction] = [text.slice(0, precision - scale), text.slice(precision - scale)];
        const bytes = Buffer.concat([...groups(whole, false), ...groups(fraction, true)]);
        expect(bytes.length).toBe(decimalBytes(precision, scale));
        // A negative zero is not written.
        const negative = isNegative && /[1-9]/.test(text);
        bytes[0] = (bytes[0] ?? 0) ^ 0x80;
        if (negative) for (const [at, byte] of bytes.entries()) bytes[at] = byte ^ 0xff;
        const shown = `${negative ? '-' : ''}${whole.replace(/^0+/, '') || '0'}${scale === 0 ? '' : `.${fraction}`}`;
        expect(decimalText(bytes, 0, precision, scale)).toBe(shown);
      }),
    );
  });
});

describe('dates and times', () => {
  const decimals = fc.integer({ min: 0, max: 6 });
  const fraction = (us: number, digits: number): { bytes: number; value: number; text: string } => {
    const bytes = (digits + 1) >> 1;
    const kept = Math.floor(us / 10 ** (6 - digits)) * 10 ** (6 - digits);
    const text = digits === 0 ? '' : `.${String(kept).padStart(6, '0').slice(0, digits)}`;
    return { bytes, value: kept / 100 ** (3 - bytes), text };
  };
  const two = (value: number): string => String(value).padStart(2, '0');

  it('of a TIME, with its sign and fraction', () => {
    const time = fc.record({ h: fc.integer({ min: 0, max: 838 }), m: fc.integer({ min: 0, max: 59 }), s: fc.integer({ min: 0, max: 59 }), us: fc.integer({ min: 0, max: 999_999 }), minus: fc.boolean(), decimals }); // prettier-ignore
    fc.assert(
      fc.property(time, ({ h, m, s, us, minus, decimals: digits }) => {
        const { bytes, value, text } = fraction(us, digits);
        const packed = BigInt((h << 12) | (m << 6) | s) * 256n ** BigInt(bytes) + BigInt(value);
        const negative = minus && packed > 0n;
        const stored = 0x800000n * 256n ** BigInt(bytes) + (negative ? -packed : packed);
        expect(timeText(bigEndian(stored, 3 + bytes), 0, digits)).toBe(`${negative ? '-' : ''}${two(h)}:${two(m)}:${two(s)}${text}`); // prettier-ignore
      }),
    );
  });

  it('of a DATETIME, also with months and days of 0', () => {
    const date = fc.record({ y: fc.integer({ min: 0, max: 9999 }), mo: fc.integer({ min: 0, max: 12 }), d: fc.integer({ min: 0, max: 31 }), h: fc.integer({ min: 0, max: 23 }), us: fc.integer({ min: 0, max: 999_999 }), decimals }); // prettier-ignore
    fc.assert(
      fc.property(date, ({ y, mo, d, h, us, decimals: digits }) => {
        const { bytes, value, text } = fraction(us, digits);
        const day = ((y * 13 + mo) << 5) | d;
        const whole = 0x8000000000n + (BigInt(day) << 17n) + BigInt((h << 12) | (59 << 6) | 7);
        const stored = Buffer.concat([bigEndian(whole, 5), bigEndian(BigInt(value), bytes)]);
        expect(datetimeText(stored, 0, digits)).toBe(`${String(y).padStart(4, '0')}-${two(mo)}-${two(d)} ${two(h)}:59:07${text}`); // prettier-ignore
      }),
    );
  });

  it('of a TIMESTAMP, in UTC until 2106', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 999_999 }), decimals, (seconds, us, digits) => {
        const { bytes, value, text } = fraction(us, digits);
        const shown = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
        const stored = Buffer.concat([bigEndian(BigInt(seconds), 4), bigEndian(BigInt(value), bytes)]);
        expect(timestampText(stored, 0, digits)).toBe(shown + text);
      }),
    ); // prettier-ignore
  });
});

/** Writes a document as MySQL does; `width` of offsets: 2 (small) or 4 (large). */
function encode(value: unknown, width: 2 | 4): { type: number; bytes: Buffer } {
  if (value === null || typeof value === 'boolean') return { type: 4, bytes: Buffer.from([value === null ? 0 : value ? 1 : 2]) }; // prettier-ignore
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return { type: 9, bytes };
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const length: number[] = [];
    for (let left = text.length; ; left >>= 7) {
      length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
      if (left <= 0x7f) break;
    }
    return { type: 12, bytes: Buffer.concat([Buffer.from(length), text]) };
  }
  const isList = Array.isArray(value);
  const members = isList ? value.map((each) => ['', each] as const) : ordered(value as Record<string, unknown>);
  const names = isList ? [] : members.map(([name]) => Buffer.from(name));
  const values = members.map(([, each]) => encode(each, width));
  const head = 2 * width + names.length * (width + 2) + values.length * (1 + width);
  const uint = (number: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntLE(number, 0, bytes);
    return buffer;
  };
  let at = head;
  const entries: Buffer[] = [];
  for (const name of names) {
    entries.push(uint(at, width), uint(name.length, 2));
    at += name.length;
  }
  const data: Buffer[] = [...names];
  for (const { type, bytes } of values) {
    if (type === 4) entries.push(Buffer.from([4]), uint(bytes[0] ?? 0, width));
    else {
      entries.push(Buffer.from([type]), uint(at, width));
      data.push(bytes);
      at += bytes.length;
    }
  }
  const type = (isList ? 2 : 0) + (width === 4 ? 1 : 0);
  return { type, bytes: Buffer.concat([uint(members.length, width), uint(at, width), ...entries, ...data]) };
}

function ordered(value: Record<string, unknown>): (readonly [string, unknown])[] {
  const members = Object.entries(value).map(([name, each]) => [Buffer.from(name), each] as const);
  members.sort(([a], [b]) => a.length - b.length || a.compare(b));
  return members.map(([name, each]) => [name.toString(), each] as const);
}

const document = (value: unknown, width: 2 | 4): Buffer => {
  const { type, bytes } = encode(value, width);
  return Buffer.concat([Buffer.from([type]), bytes]);
};

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 6 }).filter((name) => name !== '__proto__'), tie('value'), { maxKeys: 5 }),
  ),
})).value; // prettier-ignore

describe('JSON', () => {
  const read = (bytes: Buffer): string => jsonText(parseJsonBinary(bytes, 0, bytes.length));

  it('is the document that was written, small or large', () => {
    fc.assert(
      fc.property(json, fc.constantFrom<2 | 4>(2, 4), (value, width) => {
        expect(JSON.parse(read(document(value, width)))).toEqual(value);
      }),
    );
  });

  it('is refused or read when it is damaged, and never without an end', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.nat({ max: 255 }), (value, place, byte) => {
        const bytes = document(value, 2);
        bytes[place % bytes.length] = byte;
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  it('is refused when its offsets lead into a circle', () => {
    // An array of one array, which begins where the first one does.
    const circle = Buffer.from([2, 1, 0, 10, 0, 2, 0, 0, 0, 0, 0]);
    expect(() => read(circle)).toThrow(/outside its document/);
  });

  it('changed in part is the document with those changes', () => {
    const name = fc.constantFrom('a', 'b', 'cc', 'a b', 'é"\\');
    const diff = fc.record({ operation: fc.constantFrom(0, 1, 2), name, value: json });
    fc.assert(
      fc.property(fc.dictionary(name, json, { maxKeys: 4 }), fc.array(diff, { maxLength: 5 }), (before, diffs) => {
        const expected = new Map(Object.entries(before));
        const parts: Buffer[] = [];
        for (const each of diffs) {
          if ((each.operation === 1) === expected.has(each.name)) continue;
          if (each.operation === 2) expected.delete(each.name);
          else expected.set(each.name, each.value);
          const path = Buffer.from(`$.${JSON.stringify(each.name)}`);
          parts.push(Buffer.from([each.operation, path.length]), path);
          if (each.operation !== 2) parts.push(lengthOf(document(each.value, 2)), document(each.value, 2));
        }
        const bytes = document(before, 2);
        const changes = Buffer.concat(parts);
        const node = applyJsonDiffs(parseJsonBinary(bytes, 0, bytes.length), changes, 0, changes.length);
        // With the order of the names, which is the server's.
        expect(jsonText(node)).toBe(read(document(Object.fromEntries(expected), 2)));
      }),
    );
  });

  it('keeps the server’s order of names, whatever is added', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme' })), (names) => {
        const members = new Map<string, JsonNode>();
        for (const each of names) withMember(members, each, 'null');
        const sorted = names.map((each) => Buffer.from(each)).sort((a, b) => a.length - b.length || a.compare(b));
        expect([...members.keys()]).toEqual(sorted.map(String));
      }),
    );
  });

  function lengthOf(bytes: Buffer): Buffer {
    return bytes.length < 251 ? Buffer.from([bytes.length]) : Buffer.from([252, bytes.length & 255, bytes.length >> 8]);
  }
});

it('a row ends where its columns end, and each is found, whichever of them are there and which are NULL', () => {
  const column = fc.record({ size: fc.constantFrom(1, 4, 8, -1, -2, -3, -4), length: fc.nat({ max: 300 }), isNull: fc.boolean(), isThere: fc.boolean() }); // prettier-ignore
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 20 }), (columns) => {
      const there = [...columns.keys()].filter((index) => columns[index]?.isThere === true);
      const nulls = Buffer.alloc((there.length + 7) >> 3);
      const values: Buffer[] = [];
      const places = new Map<number, number>();
      let at = 3 + nulls.length;
      for (const [place, index] of there.entries()) {
        const { size, length, isNull } = columns[index] ?? { size: 1, length: 0, isNull: true };
        places.set(index, isNull ? -1 : at);
        if (isNull) nulls[place >> 3] = (nulls[place >> 3] ?? 0) | (1 << (place & 7));
        else {
          const content = size > 0 ? size : Math.min(length, size === -1 ? 255 : length);
          const head = Buffer.alloc(size > 0 ? 0 : -size);
          if (size < 0) head.writeUIntLE(content, 0, -size);
          values.push(head, Buffer.alloc(content, 0xff));
          at += head.length + content;
        }
      }
      // In a real image the bits that stand for no column are set.
      if (there.length % 8 !== 0) nulls[nulls.length - 1] = (nulls.at(-1) ?? 0) | ((0xff << (there.length % 8)) & 0xff);
      const bytes = Buffer.concat([Buffer.from('xyz'), nulls, ...values]);
      const layouts = columns.map(({ size }) => ({ words: '', size, read: () => null }));
      const shape = new ImageShape(layouts, there);
      expect(shape.end(bytes, 3, bytes.length)).toBe(bytes.length);
      expect(() => shape.end(bytes, 3, bytes.length - 1)).toThrow(/longer than its event/);
      for (const index of columns.keys()) expect(shape.find(bytes, 3, index)).toBe(places.get(index) ?? -2);
      // Of every value the last byte is changed: it is the same nowhere but where there is none, or nothing in it.
      for (const index of there) {
        expect(shape.isSame(index, bytes, 3, Buffer.concat([Buffer.from('?'), bytes]), 4)).toBe(true);
        const { size, length, isNull } = columns[index] ?? { size: 1, length: 0, isNull: true };
        const [from, content] = [
          places.get(index) ?? 0,
          size > 0 ? size : Math.min(length, size === -1 ? 255 : length),
        ];
        if (isNull || content === 0) continue;
        const changed = Buffer.from(bytes);
        changed[from + (size > 0 ? 0 : -size) + content - 1] = 0xfe;
        for (const other of there) expect(shape.isSame(other, bytes, 3, changed, 3)).toBe(other !== index);
      }
    }),
  );
});

it('a checksum is the same by eight bytes, by one and by native code', () => {
  const slow = (bytes: Buffer): number => {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc;
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (array) => {
      const bytes = Buffer.from(array);
      expect(crc32(bytes, 0, bytes.length)).toBe(slow(bytes));
    }),
  );
  expect(crc32(Buffer.from('123456789'), 0, 9)).toBe(0xcbf43926 | 0);
});

it('a cursor never reads beyond its part', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.array(fc.nat({ max: 12 })), (array, steps) => {
      const cursor = new Cursor(Buffer.from(array), 0, array.length);
      for (const step of steps) {
        const { left } = cursor;
        if (step > left) expect(() => cursor.skip(step)).toThrow(/too short/);
        else expect(cursor.copy(step)).toHaveLength(step);
      }
    }),
  );
});
