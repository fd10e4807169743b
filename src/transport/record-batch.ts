import type { ProducedRecord } from './kafka-producer.ts';

/** Who wrote a batch: of an idempotent producer the broker takes each sequence number once (KIP-98). */
export interface BatchWriter {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** That of the first record; the others count on. */
  readonly firstSequence: number;
}

/** Bytes before the first record. */
const HEAD_BYTES = 61;
/** The checksum begins behind itself. */
const CRC_AT = 17;
const CHECKED_FROM = 21;
const MAGIC = 2;
const UNKNOWN_EPOCH = -1;
/** Longer texts are quicker written by the runtime. */
const SHORT = 48;

/**
 * Records of one partition as the batch that a broker stores: version 2, not compressed, all of one time, without headers. Written into one
 * buffer; a library that makes a dozen objects for each record spends most of its time on them.
 * Source: Kafka documentation, "Record Batch" (format of messages), and KIP-98.
 */
export function encodeRecordBatch(
  records: readonly ProducedRecord[],
  writer: BatchWriter,
  timestampMs: number,
  crc32c: (bytes: Buffer) => number,
): Buffer {
  const keys = records.map(({ key }) => Buffer.byteLength(key));
  let size = HEAD_BYTES;
  for (const [index, record] of records.entries()) {
    const body = bodyBytes(index, keys[index] ?? 0, record);
    size += varintBytes(body) + body;
  }
  const bytes = Buffer.allocUnsafe(size);
  writeHead(bytes, records.length, writer, BigInt(timestampMs));
  let at = HEAD_BYTES;
  for (const [index, record] of records.entries()) at = writeRecord(bytes, at, index, keys[index] ?? 0, record);
  bytes.writeUInt32BE(crc32c(bytes.subarray(CHECKED_FROM)), CRC_AT);
  return bytes;
}

function writeHead(bytes: Buffer, count: number, writer: BatchWriter, timestamp: bigint): void {
  // The broker gives the offset; the length counts what comes behind it.
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(UNKNOWN_EPOCH, 12);
  bytes.writeInt8(MAGIC, 16);
  // Attributes: no compression, no transaction.
  bytes.writeInt16BE(0, CHECKED_FROM);
  bytes.writeInt32BE(count - 1, 23);
  bytes.writeBigInt64BE(timestamp, 27);
  bytes.writeBigInt64BE(timestamp, 35);
  bytes.writeBigInt64BE(writer.producerId, 43);
  bytes.writeInt16BE(writer.producerEpoch, 51);
  bytes.writeInt32BE(writer.firstSequence, 53);
  bytes.writeInt32BE(count, 57);
}

/** Attributes, time and number of headers are 0, a byte each. */
function bodyBytes(index: number, keyBytes: number, { value }: ProducedRecord): number {
  const valueBytes = value === null ? 1 : varintBytes(value.length) + value.length;
  return 3 + varintBytes(index) + varintBytes(keyBytes) + keyBytes + valueBytes;
}

/** Returns where it ends. */
function writeRecord(bytes: Buffer, begin: number, index: number, keyBytes: number, record: ProducedRecord): number {
  const { key, value } = record;
  let at = writeVarint(bytes, begin, bodyBytes(index, keyBytes, record));
  bytes[at++] = 0;
  bytes[at++] = 0;
  at = writeVarint(bytes, at, index);
  at = writeText(bytes, writeVarint(bytes, at, keyBytes), key, keyBytes);
  if (value === null) at = writeVarint(bytes, at, -1);
  else {
    at = writeVarint(bytes, at, value.length);
    bytes.set(value, at);
    at += value.length;
  }
  bytes[at++] = 0;
  return at;
}

function writeText(bytes: Buffer, at: number, text: string, length: number): number {
  // As many bytes as letters: it is ASCII.
  if (length !== text.length || length > SHORT) return at + bytes.write(text, at, 'utf8');
  for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + length;
}

/** Numbers from -1 to 2³⁰, in zigzag, seven bits to a byte. */
function writeVarint(bytes: Buffer, begin: number, number: number): number {
  let at = begin;
  let rest = zigzag(number);
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

function varintBytes(number: number): number {
  let bytes = 1;
  for (let rest = zigzag(number); rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}

const zigzag = (number: number): number => ((number << 1) ^ (number >> 31)) >>> 0;
