import type { DeleteInvalidation, Invalidation, RefreshInvalidation } from '../model/invalidation.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { OutgoingRecord } from './accumulator.ts';
import { exceeds } from './kafka-record-limit.ts';
import { decodeRecord } from './record-decoder.ts';
import { encodeRecord, type RecordEncoder } from './record-encoder.ts';
import { isLargerThan } from './row-size.ts';

export interface OversizedRecordsOptions {
  readonly topic: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * A refresh whose record is larger than the topic takes becomes a delete of the same key with the same version: the key is then not
 * stale, only missing, and whoever reads it next fills it. Otherwise one large row would stop the line for ever.
 */
export class OversizedRecords {
  readonly #options: OversizedRecordsOptions;
  /** Told about once each: a table of large rows has many. The metric counts them all. */
  readonly #toldRules = new Set<string>();

  constructor(options: OversizedRecordsOptions) {
    this.#options = options;
  }

  /** The text of its record, or of the delete that stands in for it. */
  encode(invalidation: Invalidation, limitBytes: number, encoder: RecordEncoder): Buffer {
    if (invalidation.action !== 'refresh') return Buffer.from(encoder.encode(invalidation), 'utf8');
    // Before any text is made of it: that of a row of many megabytes is several times as large.
    if (!isLargerThan(invalidation.row.columns, limitBytes)) {
      const value = Buffer.from(encoder.encode(invalidation), 'utf8');
      if (!exceeds(limitBytes, Buffer.byteLength(invalidation.partitionKey), value.length)) return value;
    }
    this.#note(invalidation, limitBytes);
    return Buffer.from(encoder.encode(deleteInstead(invalidation)), 'utf8');
  }

  /** What to send instead of a record that the broker finds too large; null: nothing is smaller. */
  readonly smaller = (record: OutgoingRecord): OutgoingRecord | null => {
    const item = decodeRecord({ key: Buffer.from(record.key), value: record.value }, '');
    if (item.kind !== 'invalidation' || item.invalidation.action !== 'refresh') return null;
    this.#note(item.invalidation, null);
    return { ...record, value: Buffer.from(encodeRecord(deleteInstead(item.invalidation)), 'utf8') };
  };

  #note({ rule, origin }: RefreshInvalidation, limitBytes: number | null): void {
    const { topic, logger, metrics } = this.#options;
    metrics.count('sluice_oversized_refreshes_total', { rule });
    if (this.#toldRules.has(rule)) return;
    this.#toldRules.add(rule);
    const { database, table } = origin;
    logger.warn(
      { topic, rule, table: `${database}.${table}`, limitBytes },
      'a record of this rule is too large for the topic: its key is deleted instead, as with all that follow',
    );
  }
}

function deleteInstead({ key, partitionKey, version, rule, origin }: RefreshInvalidation): DeleteInvalidation {
  return { action: 'delete', key, partitionKey, version, rule, origin, versioned: true, againAfterMs: null };
}
