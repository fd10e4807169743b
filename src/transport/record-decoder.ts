import { isUtf8 } from 'node:buffer';
import type { ChangeOrigin, Invalidation, RowPayload } from '../model/invalidation.ts';
import type { DeliveredItem } from '../ports.ts';
import { Fields, ShapeError } from './json-shape.ts';
import { FORMAT_VERSION } from './record-encoder.ts';

/** A record as Kafka delivers it: bytes that anybody with write access to the topic may have put there. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const RECORD = 'v key action versioned version rule partition_key database table op'
  .split(' ')
  .concat('primary_key gtid binlog commit_time capture_time row'.split(' '));
const OPERATIONS = ['insert', 'update', 'delete'] as const;

/**
 * Reads a record strictly and never throws: whatever is wrong makes it an `unreadable` item that says what, for the
 * dead letters. An unknown field is wrong too, since a field this version does not know may change the meaning.
 */
export function decodeRecord(record: RawRecord, place: string): DeliveredItem {
  try {
    return { kind: 'invalidation', invalidation: decode(record), place };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { kind: 'unreadable', raw: rawText(record.value), reason: error.message, place };
  }
}

/** The bytes as text that gives them back: themselves where they are UTF-8, else `base64:…`. */
export function rawText(value: Buffer | null): string {
  if (value === null) return '';
  return isUtf8(value) ? value.toString('utf8') : `base64:${value.toString('base64')}`;
}

function decode({ key, value }: RawRecord): Invalidation {
  if (value === null) throw new ShapeError('the record has no value (a Kafka tombstone)');
  if (!isUtf8(value)) throw new ShapeError('the value is not UTF-8');
  const json = parse(value.toString('utf8'));
  const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : FORMAT_VERSION;
  if (version !== FORMAT_VERSION) {
    throw new ShapeError(`format version ${String(JSON.stringify(version)).slice(0, 60)} is not ${FORMAT_VERSION}`);
  }
  const fields = new Fields(json, '', RECORD);
  fields.natural('v');
  const invalidation = readInvalidation(fields);
  checkRecordKey(key, invalidation.partitionKey);
  return invalidation;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ShapeError(`the value is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`);
  }
}

function readInvalidation(fields: Fields): Invalidation {
  const key = fields.text('key');
  const base = {
    key,
    partitionKey: fields.has('partition_key') ? fields.text('partition_key') : key,
    version: fields.natural('version'),
    rule: fields.text('rule'),
    origin: readOrigin(fields),
  };
  if (fields.oneOf('action', ['delete', 'refresh']) === 'delete') {
    if (fields.has('row')) throw new ShapeError('field row does not belong to a delete');
    return { ...base, action: 'delete', versioned: fields.has('versioned') && fields.flag('versioned') };
  }
  if (fields.has('versioned')) throw new ShapeError('field versioned does not belong to a refresh');
  return { ...base, action: 'refresh', row: readRow(fields.raw('row')) };
}

function readOrigin(fields: Fields): ChangeOrigin {
  const binlog = new Fields(fields.raw('binlog'), 'binlog', ['file', 'offset']);
  return {
    database: fields.text('database'),
    table: fields.text('table'),
    operation: fields.oneOf('op', OPERATIONS),
    primaryKey: fields.raw('primary_key') === null ? null : fields.columns('primary_key'),
    gtid: fields.textOrNull('gtid'),
    coordinates: { file: binlog.text('file'), offset: binlog.natural('offset') },
    commitTimeMs: fields.time('commit_time'),
    captureTimeMs: fields.time('capture_time'),
  };
}

function readRow(value: unknown): RowPayload {
  const row = new Fields(value, 'row', ['state', 'columns']);
  return { state: row.oneOf('state', ['present', 'gone']), columns: row.columns('columns') };
}

/** A record under another key stands in another partition: its order would not be that of its partition key. */
function checkRecordKey(key: Buffer | null, partitionKey: string): void {
  if (key === null) throw new ShapeError('the record has no Kafka key');
  if (key.toString('utf8') === partitionKey || key.equals(Buffer.from(partitionKey, 'utf8'))) return;
  throw new ShapeError(`the Kafka key is not the partition key "${partitionKey.slice(0, 100)}"`);
}
