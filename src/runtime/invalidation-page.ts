import type { DeleteInvalidation, Invalidation } from '../model/invalidation.ts';
import { LoggedTransaction } from '../model/logged-transaction.ts';
import type { Column, JsonValue } from '../model/row-change.ts';
import { RowOrigin, type OriginContext, type TableName } from '../model/row-origin.ts';

/** What neighbours have in common. */
interface Shared {
  readonly rule: string;
  readonly versioned: boolean;
  readonly againAfterMs: number | null;
  readonly operation: RowOrigin['operation'];
  readonly place: TableName;
  readonly context: OriginContext;
  readonly keyColumns: readonly Column[] | null;
  readonly source: string;
  readonly file: string;
}

/** Of each: version, number of the transaction, its time, and its offset. */
const NUMBERS = 4;

/**
 * Deletes of rows out of the log, which nearly all are, are taken apart and put together again when somebody asks. Kept as they are, each
 * with its origin and its transaction, they were most of what the garbage collector had to move.
 */
export class InvalidationPage {
  characters = 0;
  readonly #keys: string[] = [];
  /** Of the primary key; null beside a whole invalidation. */
  readonly #values: JsonValue[] = [];
  readonly #others: (Shared | Invalidation)[] = [];
  readonly #numbers: Float64Array;
  #last: Shared | null = null;

  constructor(records: number) {
    this.#numbers = new Float64Array(records * NUMBERS);
  }

  get length(): number {
    return this.#keys.length;
  }

  add(invalidation: Invalidation): void {
    const { key, origin } = invalidation;
    if (invalidation.action === 'delete' && invalidation.partitionKey === key && origin instanceof RowOrigin) {
      const { transaction, keyValue } = origin;
      if (transaction instanceof LoggedTransaction && typeof transaction.number === 'number') {
        const at = this.#keys.length * NUMBERS;
        this.#numbers[at] = invalidation.version;
        this.#numbers[at + 1] = transaction.number;
        this.#numbers[at + 2] = transaction.commitTimeUs;
        this.#numbers[at + 3] = transaction.offset;
        this.#push(key, keyValue, this.#shared(invalidation, origin, transaction), key.length + charactersIn(keyValue));
        return;
      }
    }
    this.#push(key, null, invalidation, charactersOf(invalidation));
  }

  all(): Invalidation[] {
    return this.#others.map((other, index) => ('origin' in other ? other : this.#whole(index, other)));
  }

  #push(key: string, value: JsonValue, other: Shared | Invalidation, characters: number): void {
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
}

function charactersOf({ key, partitionKey, origin: { primaryKey } }: Invalidation): number {
  let characters = key.length + (partitionKey === key ? 0 : partitionKey.length);
  for (const name in primaryKey) characters += charactersIn(primaryKey[name] ?? null);
  return characters;
}

/** Of a value of a primary key, or of several. */
function charactersIn(value: JsonValue): number {
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 0;
  let characters = 0;
  for (const each of value as readonly JsonValue[]) characters += charactersIn(each);
  return characters;
}
