import { isUtf8 } from 'node:buffer';
import {
  AGAIN_AFTER_MS,
  type ChangeOrigin,
  type FlushReason,
  type Invalidation,
  type RowPayload,
} from '../model/invalidation.ts';
import type { Operation, TableChangeOperation } from '../model/row-change.ts';
import { TimeParser } from './iso-time.ts';
import { Fields, ShapeError } from './json-shape.ts';
import { checkKey } from './own-keys.ts';
import { FORMAT_VERSION } from './record-encoder.ts';

/** A record as Kafka delivers it: bytes that anybody with write access to the topic may have put there. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const RECORD = new Set(
  'v key action versioned again_after_ms reason version rule rules partition_key database table op'
    .split(' ')
    .concat('primary_key gtid binlog commit_time capture_time row'.split(' ')),
);
const BINLOG = new Set(['file', 'offset']);
const ROW = new Set(['state', 'columns']);
const ACTIONS = ['delete', 'refresh', 'flush', 'epoch'] as const;
const ROW_OPERATIONS: readonly Operation[] = ['insert', 'update', 'delete'];
const TABLE_OPERATIONS: readonly TableChangeOperation[] = ['truncate', 'drop', 'rename', 'alter', 'unknown_rows'];
const OPERATIONS = [...ROW_OPERATIONS, ...TABLE_OPERATIONS];
const REASONS: readonly FlushReason[] = [...TABLE_OPERATIONS, 'large_transaction', 'column_missing', 'gap'];
const STATES = ['present', 'gone'] as const;
/** Fields that only some actions have. */
const OWNED: readonly { readonly name: string; readonly owners: readonly Invalidation['action'][] }[] = [
  { name: 'row', owners: ['refresh'] },
  { name: 'versioned', owners: ['delete', 'flush'] },
  { name: 'again_after_ms', owners: ['delete', 'flush'] },
  { name: 'reason', owners: ['flush'] },
];

/**
 * Reads records strictly: throws a ShapeError for whatever is wrong with one. An unknown field is wrong too, since a field this
 * version does not know may change the meaning.
 */
export class RecordReader {
  readonly #commitTimes = new TimeParser();
  readonly #captureTimes = new TimeParser();

  read({ key: recordKey, value }: RawRecord): Invalidation {
    const fields = new Fields(parse(value), '', RECORD);
    const key = fields.text('key');
    const partitionKey = fields.has('partition_key') ? fields.text('partition_key') : key;
    checkRecordKey(recordKey, partitionKey);
    const action = fields.oneOf('action', ACTIONS);
    for (const { name, owners } of OWNED) {
      if (fields.has(name) && !owners.includes(action)) {
        throw new ShapeError(`field ${name} does not belong to ${action === 'epoch' ? 'an' : 'a'} ${action}`);
      }
    }
    const version = fields.natural('version');
    const rule = fields.text('rule');
    // Only what a row did can be refreshed: a table change has no row.
    const origin = this.#origin(fields, action === 'refresh' ? ROW_OPERATIONS : OPERATIONS);
    checkKey({ action, key, origin });
    const versioned = fields.has('versioned') && fields.flag('versioned');
    const { min, max } = AGAIN_AFTER_MS;
    const againAfterMs = fields.has('again_after_ms') ? fields.within('again_after_ms', min, max) : null;
    switch (action) {
      case 'delete':
        return { action, key, partitionKey, version, rule, origin, versioned, againAfterMs };
      case 'refresh':
        return { action, key, partitionKey, version, rule, origin, row: readRow(fields.raw('row')) };
      case 'flush':
        return {
          action,
          key,
          partitionKey,
          version,
          rule,
          origin,
          versioned,
          againAfterMs,
          reason: fields.oneOf('reason', REASONS),
        };
      case 'epoch':
        return { action, key, partitionKey, version, rule, origin };
    }
  }

  #origin(fields: Fields, operations: readonly ChangeOrigin['operation'][]): ChangeOrigin {
    const binlog = new Fields(fields.raw('binlog'), 'binlog', BINLOG);
    return {
      database: fields.text('database'),
      table: fields.text('table'),
      operation: fields.oneOf('op', operations),
      // Records of earlier versions do not say it.
      ruleSet: fields.has('rules') ? fields.text('rules') : '',
      primaryKey: fields.raw('primary_key') === null ? null : fields.columns('primary_key'),
      gtid: fields.textOrNull('gtid'),
      coordinates: { file: binlog.text('file'), offset: binlog.natural('offset') },
      commitTimeMs: fields.time('commit_time', this.#commitTimes),
      captureTimeMs: fields.time('capture_time', this.#captureTimes),
    };
  }
}

/** The JSON of a record of our format version: about any other nothing more can be said. */
function parse(value: Buffer | null): unknown {
  if (value === null) throw new ShapeError('the record has no value (a Kafka tombstone)');
  if (!isUtf8(value)) throw new ShapeError('the value is not UTF-8');
  let json: unknown;
  try {
    json = JSON.parse(value.toString('utf8'));
  } catch (error) {
    throw new ShapeError(`the value is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  if (!('v' in json)) throw new ShapeError('field v is missing');
  if (json.v === FORMAT_VERSION) return json;
  throw new ShapeError(`format version ${JSON.stringify(json.v).slice(0, 60)} is not ${FORMAT_VERSION}`);
}

export function readRow(value: unknown): RowPayload {
  const row = new Fields(value, 'row', ROW);
  return { state: row.oneOf('state', STATES), columns: row.columns('columns') };
}

/** A record under another key stands in another partition: its order would not be that of its partition key. */
function checkRecordKey(key: Buffer | null, partitionKey: string): void {
  if (key === null) throw new ShapeError('the record has no Kafka key');
  if (key.toString('utf8') === partitionKey || key.equals(Buffer.from(partitionKey, 'utf8'))) return;
  throw new ShapeError(`the Kafka key is not the partition key "${partitionKey.slice(0, 100)}"`);
}
