import type { BinlogCoordinates } from './position.ts';
import type { JsonValue, Operation } from './row-change.ts';
import type { Version } from './version.ts';

/** Who caused an invalidation: enough to answer "which row and which transaction did it". */
export interface ChangeOrigin {
  readonly database: string;
  readonly table: string;
  readonly operation: Operation;
  /** Primary key of the row (before image of an update or delete); null if the table has none. */
  readonly primaryKey: Readonly<Record<string, JsonValue>> | null;
  readonly gtid: string | null;
  /** Where the transaction begins in the source's binlog. */
  readonly coordinates: BinlogCoordinates;
  readonly commitTimeMs: number;
  /** When the daemon read it, ms since the epoch. */
  readonly captureTimeMs: number;
}

/**
 * The row a refresh is about. `present`: `columns` are the values to store (refresh from the row image) or the
 * parameters of the query. `gone`: the row no longer has this key (deleted, or its key column changed); `columns`
 * are then the before image's, for the query that decides what the key holds now.
 */
export interface RowPayload {
  readonly state: 'present' | 'gone';
  readonly columns: Readonly<Record<string, JsonValue>>;
}

interface InvalidationBase {
  /** The cache key. */
  readonly key: string;
  /** Same partition key → same partition → applied in commit order. The cache key itself unless the rule says else. */
  readonly partitionKey: string;
  readonly version: Version;
  readonly rule: string;
  readonly origin: ChangeOrigin;
}

export interface DeleteInvalidation extends InvalidationBase {
  readonly action: 'delete';
  /**
   * True when a refresh rule may own the same key: the delete must then leave its version in Redis,
   * or a redelivered older refresh would bring the old value back.
   */
  readonly versioned: boolean;
}

export interface RefreshInvalidation extends InvalidationBase {
  readonly action: 'refresh';
  readonly row: RowPayload;
}

export type Invalidation = DeleteInvalidation | RefreshInvalidation;

/** How a rule's refresh gets and stores its value; compiled from the rule file, looked up by rule name when applying. */
export interface RefreshPlan {
  readonly rule: string;
  /** `row`: the image carried in the record. `query`: parameterised SQL read when applying, `?` placeholders in order. */
  readonly from:
    { readonly kind: 'row' } | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly string[] };
  readonly store: 'json' | 'hash';
  /** Null: no expiry. */
  readonly ttlMs: number | null;
  /** Share of the TTL (0 … 1) by which it varies to both sides, so that entries do not expire together. */
  readonly jitter: number;
  /** What a key holds when its row is gone: null = the key is deleted, else this marker with its own TTL. */
  readonly empty: { readonly value: string; readonly ttlMs: number } | null;
}
