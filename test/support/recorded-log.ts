/** Events of real servers (test/fuzz/record-corpus.ts), and what our decoder makes of them. */
import { readFileSync } from 'node:fs';
import { BinlogDecoder, type BinlogDecoderOptions } from '../../src/decode/binlog-decoder.ts';
import { CHECKSUM_BYTES, crc32 } from '../../src/decode/binlog/checksum.ts';
import type { Flavour } from '../../src/model/position.ts';
import type { Change, ChangeBatch, Row, Table } from '../../src/model/row-change.ts';

const HEADER_BYTES = 19;

export function recordedEvents(flavour: Flavour): Buffer[] {
  const text = readFileSync(new URL(`../fuzz/corpus/${flavour}.hex`, import.meta.url), 'utf8');
  return text.trim().split('\n').map((line) => Buffer.from(line, 'hex')); // prettier-ignore
}

export function decoderOf(flavour: Flavour, options: Partial<BinlogDecoderOptions> = {}): BinlogDecoder {
  const position = { flavour, serverUuid: 'uuid', coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' };
  return new BinlogDecoder({ from: { position, lastVersion: 0 }, maxChunkBytes: 10_000_000, ...options });
}

export function pushAll(decoder: BinlogDecoder, events: readonly Buffer[]): void {
  for (const event of events) decoder.push(event, 0, event.length);
}

export function takeAll(decoder: BinlogDecoder): ChangeBatch[] {
  const batches: ChangeBatch[] = [];
  for (let batch = decoder.take(); batch !== null; batch = decoder.take()) batches.push(batch);
  return batches;
}

/** `insert shop.t {…}`: rows as the texts of their columns, one that the log does not have left out. */
export function describeChange(change: Change): string {
  if (change.kind === 'table') return `${change.operation} ${change.database}.${change.table}`;
  const { operation, table, before, after } = change;
  const shown = [before, after].flatMap((row) => (row === null ? [] : [JSON.stringify(texts(row, table))]));
  return `${operation} ${table.database}.${table.name} ${shown.join(' → ')}`;
}

export function texts(row: Row, { columns }: Table): Record<string, string | null> {
  const shown: Record<string, string | null> = {};
  for (const column of columns) {
    const value = row[column.name];
    if (value !== undefined) shown[column.name] = value === null ? null : column.text(value);
  }
  return shown;
}

export interface EventParts {
  readonly type: number;
  readonly body: Buffer;
  readonly seconds?: number;
  readonly nextPosition?: number;
  readonly flags?: number;
}

/** A whole event with its checksum. */
export function eventOf({ type, body, seconds = 1_700_000_000, nextPosition = 0, flags = 0 }: EventParts): Buffer {
  const event = Buffer.alloc(HEADER_BYTES + body.length + CHECKSUM_BYTES);
  event.writeUInt32LE(seconds, 0);
  event[4] = type;
  event.writeUInt32LE(1, 5);
  event.writeUInt32LE(event.length, 9);
  event.writeUInt32LE(nextPosition, 13);
  event.writeUInt16LE(flags, 17);
  body.copy(event, HEADER_BYTES);
  return sealed(event);
}

/** The event, with a checksum that fits it. */
export function sealed(event: Buffer): Buffer {
  const end = event.length - CHECKSUM_BYTES;
  event.writeInt32LE(crc32(event, 0, end), end);
  return event;
}
