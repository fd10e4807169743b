import { isUtf8 } from 'node:buffer';
import {
  AGAIN_AFTER_MS,
  type DeleteInvalidation,
  type RefreshInvalidation,
  type RowPayload,
} from '../model/invalidation.ts';
import { RowDelete, RowRefresh } from '../model/row-invalidations.ts';
import { OWN_PREFIX } from './own-keys.ts';
import { FORMAT_VERSION } from './record-encoder.ts';
import { NATURAL, TEXT } from './record-grammar.ts';
import { ORIGIN_TEXT, OriginReader, RecordOrigin } from './record-origin.ts';
import { readRow, type RawRecord } from './record-reader.ts';

/**
 * Everything of a delete or a refresh but the columns of its row must stand in so many bytes. What remembers an origin holds on to
 * the text, and a regular expression on megabytes that anybody wrote could exhaust its stack.
 */
const HEAD_BYTES = 1_024;

const BEGIN = String.raw`^\{"v":${FORMAT_VERSION},"key":"(?!${OWN_PREFIX})(${TEXT})","action":`;
const MIDDLE = `,"version":(${NATURAL}),"rule":"(${TEXT})"(?:,"partition_key":"(${TEXT})")?,(${ORIGIN_TEXT})`;
const DELETE = new RegExp(
  String.raw`${BEGIN}"delete"(,"versioned":true)?(?:,"again_after_ms":(${NATURAL}))?${MIDDLE}\}$`,
);
/** Its columns follow. */
const REFRESH = new RegExp(String.raw`${BEGIN}"refresh"${MIDDLE}(,"row":\{"state":"(present|gone)","columns":)`);
const CLOSING_BRACE = 0x7d;
/** Of rules whose names are kept; rule files have fewer, and a topic may say anything. */
const NAMES_LIMIT = 1_000;

/**
 * Recognises deletes and refreshes exactly as RecordEncoder writes them: several times as fast as reading field by field. Null for
 * anything else, be it right or wrong, which is for the RecordReader to say.
 *
 * What an expression captures is a slice that holds on to the text of its whole record, several times as long. Keys and names of rules
 * outlive their records (in the audit trail, until a second delete), so they are made anew. Of the origin no text is made: while thousands
 * of records are under way, the garbage collector would have to move each.
 */
export class RecordRecogniser {
  readonly #origins = new OriginReader();
  readonly #names = new Map<string, string>();

  recognise(record: RawRecord): DeleteInvalidation | RefreshInvalidation | null {
    if (record.key === null || record.value === null) return null;
    // Bytes that are not ASCII become characters that TEXT does not have.
    const head = record.value.toString('latin1', 0, HEAD_BYTES);
    return this.#delete(head, record.key, record.value) ?? this.#refresh(head, record.key, record.value);
  }

  #delete(head: string, recordKey: Buffer, value: Buffer): DeleteInvalidation | null {
    const parts = value.length > HEAD_BYTES ? null : DELETE.exec(head);
    if (parts === null) return null;
    const [, key = '', versioned, again, version, rule = '', partitionKey = key, origin = ''] = parts;
    const againAfterMs = again === undefined ? null : Number(again);
    if (againAfterMs !== null && (againAfterMs < AGAIN_AFTER_MS.min || againAfterMs > AGAIN_AFTER_MS.max)) return null;
    const ownPartitionKey = recordKey.toString('latin1');
    if (ownPartitionKey !== partitionKey) return null;
    const end = value.length - 1;
    const from = new RecordOrigin(value, end - origin.length, end, this.#origins);
    const ownKey = key === partitionKey ? ownPartitionKey : ownText(key);
    const isVersioned = versioned !== undefined;
    return new RowDelete(ownKey, ownPartitionKey, Number(version), this.#name(rule), from, isVersioned, againAfterMs);
  }

  #refresh(head: string, recordKey: Buffer, value: Buffer): RefreshInvalidation | null {
    const parts = REFRESH.exec(head);
    if (parts === null) return null;
    const [before, key = '', version, rule = '', partitionKey = key, origin = '', behind = '', state] = parts;
    const ownPartitionKey = recordKey.toString('latin1');
    if (ownPartitionKey !== partitionKey) return null;
    const row = rowOf(state, value, before.length);
    if (row === null) return null;
    const end = before.length - behind.length;
    const from = new RecordOrigin(value, end - origin.length, end, this.#origins);
    const ownKey = key === partitionKey ? ownPartitionKey : ownText(key);
    return new RowRefresh(ownKey, ownPartitionKey, Number(version), this.#name(rule), from, row);
  }

  #name(slice: string): string {
    const known = this.#names.get(slice);
    if (known !== undefined) return known;
    if (this.#names.size >= NAMES_LIMIT) this.#names.clear();
    const name = ownText(slice);
    this.#names.set(name, name);
    return name;
  }
}

/** The same ASCII, and not a slice of anything. */
function ownText(slice: string): string {
  return Buffer.from(slice, 'latin1').toString('latin1');
}

/** The columns are any JSON from `begin` to the braces that end the row and the record; null if anything is wrong, and the reader says what. */
function rowOf(state: string | undefined, value: Buffer, begin: number): RowPayload | null {
  const end = value.length - 2;
  if (value[end] !== CLOSING_BRACE || value[end + 1] !== CLOSING_BRACE || !isUtf8(value)) return null;
  try {
    return readRow({ state, columns: JSON.parse(value.toString('utf8', begin, end)) as unknown });
  } catch {
    return null;
  }
}
