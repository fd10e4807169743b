import { isUtf8 } from 'node:buffer';
import type { DeliveredItem } from '../ports.ts';
import { ShapeError } from './json-shape.ts';
import { RecordReader, type RawRecord } from './record-reader.ts';
import { RecordRecogniser } from './record-recogniser.ts';

/**
 * Never throws: whatever is wrong makes a record an `unreadable` item that says what, for the dead letters. Most records are recognised
 * as what our encoder writes; all others are read field by field, with the same result.
 */
export class RecordDecoder {
  readonly #recogniser = new RecordRecogniser();
  readonly #reader = new RecordReader();

  decode(record: RawRecord, place: string): DeliveredItem {
    const recognised = this.#recogniser.recognise(record);
    if (recognised !== null) return { kind: 'invalidation', invalidation: recognised, place };
    try {
      return { kind: 'invalidation', invalidation: this.#reader.read(record), place };
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return { kind: 'unreadable', raw: rawText(record.value), reason: error.message, place };
    }
  }
}

/** One record alone; whoever has many keeps a RecordDecoder. */
export function decodeRecord(record: RawRecord, place: string): DeliveredItem {
  return new RecordDecoder().decode(record, place);
}

/** The bytes as text that gives them back: themselves where they are UTF-8, else `base64:…`. */
export function rawText(value: Buffer | null): string {
  if (value === null) return '';
  return isUtf8(value) ? value.toString('utf8') : `base64:${value.toString('base64')}`;
}
