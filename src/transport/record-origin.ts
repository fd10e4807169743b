import type { ChangeOrigin } from '../model/invalidation.ts';
import type { BinlogCoordinates } from '../model/position.ts';
import type { JsonValue, Operation } from '../model/row-change.ts';
import { TimeParser } from './iso-time.ts';
import { FLAT_OBJECT, NATURAL, TEXT, TIME } from './record-grammar.ts';

/** As RecordEncoder.origin writes it for a row change, without the comma before it. `open` begins a group. */
const textWith = (open: '(' | '(?:'): string =>
  `(?:"rules":"${open}${TEXT})",)?"database":"${open}${TEXT})","table":"${open}${TEXT})",` +
  `"op":"${open}insert|update|delete)","primary_key":(null|${FLAT_OBJECT}),"gtid":(?:null|"${open}${TEXT})"),` +
  String.raw`"binlog":\{"file":"${open}${TEXT})","offset":${open}${NATURAL})\},` +
  `"commit_time":"${open}${TIME})","capture_time":"${open}${TIME})"`;
const PARTS = new RegExp(`^${textWith('(')}$`);

/** For a larger expression: it captures only the primary key. */
export const ORIGIN_TEXT = textWith('(?:');

/**
 * Who caused an invalidation, as text of its record that ORIGIN_TEXT has matched. It is taken apart when somebody asks: of most
 * invalidations only the primary key is wanted. Text is held on to, never the buffer of many records that it came from.
 */
export class RecordOrigin implements ChangeOrigin {
  readonly text: string;
  readonly primaryKeyText: string;
  readonly reader: OriginReader;

  constructor(text: string, primaryKeyText: string, reader: OriginReader) {
    this.text = text;
    this.primaryKeyText = primaryKeyText;
    this.reader = reader;
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
    return JSON.parse(this.primaryKeyText) as Readonly<Record<string, JsonValue>> | null;
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
  #last: RecordOrigin | undefined;
  #parts: RegExpExecArray | undefined;

  partOrNull(origin: RecordOrigin, index: number): string | null {
    if (origin !== this.#last) {
      const parts = PARTS.exec(origin.text);
      if (parts === null) throw new TypeError('the text of an origin was not matched before');
      this.#last = origin;
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
