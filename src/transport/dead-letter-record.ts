import type { DeadLetter, DeliveredItem, UnmappedChange } from '../ports.ts';
import { TimeFormatter } from './iso-time.ts';
import { encodeRecord, RecordEncoder } from './record-encoder.ts';
import { isLargerThan } from './row-size.ts';
import type { Invalidation, RefreshInvalidation } from '../model/invalidation.ts';
import type { JsonValue } from '../model/row-change.ts';

/** Below the broker's `message.max.bytes`, counted after JSON has escaped it. */
const MAX_TEXT_BYTES = 900_000;

/** A dead letter as the JSON text of its record; docs/records.md describes the fields. */
export function encodeDeadLetter({ reason, item, target }: DeadLetter, timeMs: number): string {
  const time = new TimeFormatter().format(timeMs);
  return (
    `{"v":1,"reason":${JSON.stringify(reason)},"target":${JSON.stringify(target)}` +
    `,"place":${JSON.stringify(item.place)},"kept_at":"${time}",${encodeItem(item)}}`
  );
}

/** The partition key where it can be read: then the letters of a key stand together. */
export function deadLetterKey({ item }: DeadLetter): string {
  return item.kind === 'invalidation' ? item.invalidation.partitionKey : item.place;
}

function encodeItem(item: DeliveredItem | UnmappedChange): string {
  if (item.kind === 'invalidation') return encodeInvalidation(item.invalidation);
  if (item.kind === 'unmapped') return encodeChange(item);
  const raw = JSON.stringify(item.raw);
  if (Buffer.byteLength(raw) <= MAX_TEXT_BYTES) return `"raw":${raw}`;
  // Escaping may make six characters of one. The original still stands at `place`, as long as the topic keeps it.
  return `"raw":${JSON.stringify(item.raw.slice(0, MAX_TEXT_BYTES / 6))},"truncated":true`;
}

/** A row that is too large is left out: replayed, such a record takes its key away. */
function encodeInvalidation(invalidation: Invalidation): string {
  if (invalidation.action !== 'refresh' || !isLargeRow(invalidation.row.columns)) {
    const record = encodeRecord(invalidation);
    if (invalidation.action !== 'refresh' || Buffer.byteLength(record) <= MAX_TEXT_BYTES) return `"record":${record}`;
  }
  return `"record":${encodeRecord(withoutRow(invalidation))},"truncated":true`;
}

/** Named like the fields of a record. Images that are too large are left out: the row still stands in the binlog. */
function encodeChange({ rule, origin, version, before, after, truncated = false }: UnmappedChange): string {
  const facts = `"change":{"rule":${JSON.stringify(rule)},"version":${version}${new RecordEncoder().origin(origin)}`;
  if (!truncated && !isLargeRow(before) && !isLargeRow(after)) {
    const images = `,"before":${JSON.stringify(before)},"after":${JSON.stringify(after)}`;
    if (Buffer.byteLength(images) <= MAX_TEXT_BYTES) return `${facts}${images}}`;
  }
  return `${facts}},"truncated":true`;
}

function withoutRow(refresh: RefreshInvalidation): RefreshInvalidation {
  return { ...refresh, row: { state: refresh.row.state, columns: {} } };
}

/** Seen before a text is made of it: the text of a row of many megabytes is several times as large. */
function isLargeRow(row: Readonly<Record<string, JsonValue>> | null): boolean {
  return row !== null && isLargerThan(row, MAX_TEXT_BYTES);
}
