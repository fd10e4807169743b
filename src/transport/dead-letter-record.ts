import type { DeadLetter, DeliveredItem } from '../ports.ts';
import { TimeFormatter } from './iso-time.ts';
import { encodeRecord } from './record-encoder.ts';

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

function encodeItem(item: DeliveredItem): string {
  if (item.kind === 'invalidation') return `"record":${encodeRecord(item.invalidation)}`;
  const raw = JSON.stringify(item.raw);
  if (Buffer.byteLength(raw) <= MAX_TEXT_BYTES) return `"raw":${raw}`;
  // Escaping may make six characters of one. The original still stands at `place`, as long as the topic keeps it.
  return `"raw":${JSON.stringify(item.raw.slice(0, MAX_TEXT_BYTES / 6))},"truncated":true`;
}
