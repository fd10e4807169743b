import type { DeleteInvalidation, Invalidation } from '../model/invalidation.ts';
import { LoggedTransaction } from '../model/logged-transaction.ts';
import type { Column, JsonValue } from '../model/row-change.ts';
import { isWritten, RowOrigin, type OriginContext, type TableName, type WrittenOrigin } from '../model/row-origin.ts';
import { AppendedBytes } from './appended-bytes.ts';

type Facts = Pick<DeleteInvalidation, 'rule' | 'versioned' | 'againAfterMs'>;

/** What neighbours have in common. */
interface Shared extends Facts {
  readonly operation: RowOrigin['operation'];
  readonly place: TableName;
  readonly context: OriginContext;
  readonly keyColumns: readonly Column[] | null;
  readonly source: string;
  readonly file: string;
}

/** What neighbours out of a topic have in common. */
interface Written extends Facts {
  readonly reader: WrittenOrigin['reader'];
}

/** Of each: version, number of the transaction, its time, and its offset. Of one out of a topic: version, where its origin begins and ends here. */
const NUMBERS = 4;

/**
 * Deletes of rows out of the log or a topic, which nearly all are, are taken apart and put together again when somebody asks. Kept as they
 * are, each with its origin and its transaction or record, they were most of what the garbage collector had to move.
 */
export class InvalidationPage {
  characters = 0;
  readonly #keys: string[] = [];
  /** Of the primary key; null beside a whole invalidation. */
  readonly #values: JsonValue[] = [];
  readonly #others: (Shared | Written | Invalidation)[] = [];
  readonly #numbers: Float64Array;
  /** Origins out of a topic. */
  readonly #text = new AppendedBytes();
  #last: Shared | null = null;
  #lastWritten: Written | null = null;

  constructor(records: number) {
    this.#numbers = new Float64Array(records * NUMBERS);
  }

  get length(): number {
    return this.#keys.length;
  }

  add(invalidation: Invalidation): void {
    const { key, origin } = invalidation;
    if (invalidation.action === 'delete' && invalidation.partitionKey === key) {
      if (origin instanceof RowOrigin && this.#addRow(invalidation, origin)) return;
      if (isWritten(origin)) return this.#addWritten(invalidation, origin);
    }
    const own = isWritten(origin) ? { ...invalidation, origin: ownOrigin(origin) } : invalidation;
    this.#push(key, null, own, charactersOf(invalidation));
  }

  all(): Invalidation[] {
    return this.#others.map((other, index) => {
      if ('origin' in other) return other;
      return 'reader' in other ? this.#wholeWritten(index, other) : this.#whole(index, other);
    });
  }

  /** False: it came otherwise than most. */
  #addRow(invalidation: DeleteInvalidation, origin: RowOrigin): boolean {
    const { transaction, keyValue } = origin;
    if (!(transaction instanceof LoggedTransaction) || typeof transaction.number !== 'number') return false;
    const { key, version } = invalidation;
    this.#note(version, transaction.number, transaction.commitTimeUs, transaction.offset);
    this.#push(key, keyValue, this.#shared(invalidation, origin, transaction), key.length + charactersIn(keyValue));
    return true;
  }

  #addWritten(invalidation: DeleteInvalidation, { bytes, begin, end, reader }: WrittenOrigin): void {
    const { key, version, rule, versioned, againAfterMs } = invalidation;
    const at = this.#text.length;
    this.#text.add(bytes, begin, end);
    this.#note(version, at, this.#text.length, 0);
    const last = this.#lastWritten;
    const isSame =
      last?.reader === reader &&
      last.rule === rule &&
      last.versioned === versioned &&
      last.againAfterMs === againAfterMs;
    const facts = isSame ? last : (this.#lastWritten = { rule, versioned, againAfterMs, reader });
    this.#push(key, null, facts, key.length + end - begin);
  }

  /** Written out, because it is done for every invalidation. */
  #note(first: number, second: number, third: number, fourth: number): void {
    const at = this.#keys.length * NUMBERS;
    this.#numbers[at] = first;
    this.#numbers[at + 1] = second;
    this.#numbers[at + 2] = third;
    this.#numbers[at + 3] = fourth;
  }

  #push(key: string, value: JsonValue, other: Shared | Written | Invalidation, characters: number): void {
    this.#keys.push(key);
    this.#values.push(value);
    this.#others.push(other);
    this.characters += characters;
  }

  #shared({ rule, versioned, againAfterMs }: DeleteInvalidation, origin: RowOrigin, from: LoggedTransaction): Shared {
    const { operation, place, context, keyColumns } = origin;
    const { source, file } = from;
    const last = this.#last;
    if (
      last?.context === context &&
      last.rule === rule &&
      last.place === place &&
      last.operation === operation &&
      last.file === file &&
      last.source === source &&
      last.keyColumns === keyColumns &&
      last.versioned === versioned &&
      last.againAfterMs === againAfterMs
    ) {
      return last;
    }
    return (this.#last = { rule, versioned, againAfterMs, operation, place, context, keyColumns, source, file });
  }

  #whole(index: number, shared: Shared): DeleteInvalidation {
    const at = index * NUMBERS;
    const [version = 0, number = 0, commitTimeUs = 0, offset = 0] = this.#numbers.subarray(at, at + NUMBERS);
    const { rule, versioned, againAfterMs, operation, place, context, keyColumns, source, file } = shared;
    const transaction = new LoggedTransaction(source, number, commitTimeUs, file, offset);
    const key = this.#keys[index] ?? '';
    const value = this.#values[index] ?? null;
    const origin = new RowOrigin(operation, transaction, place, context, keyColumns, value);
    return { action: 'delete', key, partitionKey: key, version, rule, origin, versioned, againAfterMs };
  }

  #wholeWritten(index: number, { rule, versioned, againAfterMs, reader }: Written): DeleteInvalidation {
    const at = index * NUMBERS;
    const [version = 0, begin = 0, end = 0] = this.#numbers.subarray(at, at + NUMBERS);
    const key = this.#keys[index] ?? '';
    const origin = reader.originIn(this.#text.bytes, begin, end);
    return { action: 'delete', key, partitionKey: key, version, rule, origin, versioned, againAfterMs };
  }
}

function ownOrigin({ bytes, begin, end, reader }: WrittenOrigin): WrittenOrigin {
  const own = new AppendedBytes();
  own.add(bytes, begin, end);
  return reader.originIn(own.bytes, 0, own.length);
}

function charactersOf({ key, partitionKey, origin }: Invalidation): number {
  const characters = key.length + (partitionKey === key ? 0 : partitionKey.length);
  if (isWritten(origin)) return characters + origin.end - origin.begin;
  const { primaryKey } = origin;
  let ofValues = 0;
  for (const name in primaryKey) ofValues += charactersIn(primaryKey[name] ?? null);
  return characters + ofValues;
}

/** Of a value of a primary key, or of several. */
function charactersIn(value: JsonValue): number {
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 0;
  let characters = 0;
  for (const each of value as readonly JsonValue[]) characters += charactersIn(each);
  return characters;
}
