import type { BinlogCoordinates } from '../model/position.ts';
import type { JsonValue, Operation } from '../model/row-change.ts';
import type { WrittenOrigin } from '../model/row-origin.ts';
import { TimeParser } from './iso-time.ts';
import { FLAT_OBJECT, NATURAL, TEXT, TIME } from './record-grammar.ts';

/** As RecordEncoder.origin writes it for a row change, without the comma before it. `open` begins a group. */
const textWith = (open: '(' | '(?:'): string =>
  `(?:"rules":"${open}${TEXT})",)?"database":"${open}${TEXT})","table":"${open}${TEXT})",` +
  `"op":"${open}insert|update|delete)","primary_key":${open}null|${FLAT_OBJECT}),"gtid":(?:null|"${open}${TEXT})"),` +
  String.raw`"binlog":\{"file":"${open}${TEXT})","offset":${open}${NATURAL})\},` +
  `"commit_time":"${open}${TIME})","capture_time":"${open}${TIME})"`;
const PARTS = new RegExp(`^${textWith('(')}$`);

/** For a larger expression: it captures nothing. */
export const ORIGIN_TEXT = textWith('(?:');

/**
 * Who caused an invalidation, as text of its record that ORIGIN_TEXT has matched, and taken apart when somebody asks. It holds on to the
 * bytes of the record, and so to all that came with it: whoever keeps it longer than the record copies its text, and asks its reader for one there.
 */
export class RecordOrigin implements WrittenOrigin {
  readonly bytes: Buffer;
  readonly begin: number;
  readonly end: number;
  readonly reader: OriginReader;

  constructor(bytes: Buffer, begin: number, end: number, reader: OriginReader) {
    this.bytes = bytes;
    this.begin = begin;
    this.end = end;
    this.reader = reader;
  }

  get text(): string {
    return this.bytes.toString('latin1', this.begin, this.end);
  }

  get ruleSet(): string {
    return this.reader.part(this, 1);
  }

  get database(): string {
    return this.reader.part(this, 2);
  }

  get table(): string {
    return this.reader.part(this, 3);
  }

  get operation(): Operation {
    return this.reader.part(this, 4) as Operation;
  }

  get primaryKey(): Readonly<Record<string, JsonValue>> | null {
    return JSON.parse(this.reader.part(this, 5)) as Readonly<Record<string, JsonValue>> | null;
  }

  get gtid(): string | null {
    return this.reader.partOrNull(this, 6);
  }

  get coordinates(): BinlogCoordinates {
    return { file: this.reader.part(this, 7), offset: Number(this.reader.part(this, 8)) };
  }

  get commitTimeMs(): number {
    return this.reader.time(this, 9);
  }

  get captureTimeMs(): number {
    return this.reader.time(this, 10);
  }
}

/** Takes origins apart; remembers the last, since whoever asks for one field asks for others. */
export class OriginReader {
  readonly #times = new TimeParser();
  /** Weak: it holds on to all that came with its record. */
  #last: WeakRef<RecordOrigin> | undefined;
  #parts: RegExpExecArray | undefined;

  originIn(bytes: Buffer, begin: number, end: number): RecordOrigin {
    return new RecordOrigin(bytes, begin, end, this);
  }

  partOrNull(origin: RecordOrigin, index: number): string | null {
    if (origin !== this.#last?.deref()) {
      const parts = PARTS.exec(origin.text);
      if (parts === null) throw new TypeError('the text of an origin was not matched before');
      this.#last = new WeakRef(origin);
      this.#parts = parts;
    }
    return this.#parts?.[index] ?? null;
  }

  part(origin: RecordOrigin, index: number): string {
    return this.partOrNull(origin, index) ?? '';
  }

  time(origin: RecordOrigin, index: number): number {
    const timeMs = this.#times.parse(this.part(origin, index));
    if (timeMs === undefined) throw new TypeError('the time of an origin was not matched before');
    return timeMs;
  }
}
