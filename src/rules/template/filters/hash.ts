import { createHash } from 'node:crypto';
import { crc32 as checksum } from 'node:zlib';
import { always, textStep, type FilterSpec, type Shape } from './filter.ts';

/** Hashes of the text's UTF-8 bytes, written as the SQL functions of these names write them for a utf8mb4 column. */
const hash = (apply: (text: string) => string, gives: Shape): FilterSpec => ({
  parameters: [],
  takes: null,
  gives,
  bounds: always,
  compile: () => textStep(apply),
});

/** Lower-case hexadecimal, 40 digits. */
export const sha1 = hash((text) => createHash('sha1').update(text).digest('hex'), 'opaque');
/** Lower-case hexadecimal, 32 digits. */
export const md5 = hash((text) => createHash('md5').update(text).digest('hex'), 'opaque');
/** A decimal number from 0 to 4294967295. */
export const crc32 = hash((text) => String(checksum(text)), 'integer');
