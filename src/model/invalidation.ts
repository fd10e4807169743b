import type { BinlogCoordinates } from './position.ts';
import type { JsonValue, Operation, TableChangeOperation } from './row-change.ts';
import type { Version } from './version.ts';

/** Who caused an invalidation: enough to answer "which row and which transaction did it, by which rules". */
export interface ChangeOrigin {
  readonly database: string;
  readonly table: string;
  readonly operation: Operation | TableChangeOperation;
  /** Hash of the rule set that was in force (RuleSet.hash); empty in records made before records carried it. */
  readonly ruleSet: string;
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
  /** The cache key; of a flush, the pattern. */
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
  /**
   * The key is deleted once more when so much time has passed, for what an application has stored meanwhile: read before the
   * commit, written after the first delete. Finished is the invalidation only then. Null: once is enough.
   */
  readonly againAfterMs: number | null;
}

export interface RefreshInvalidation extends InvalidationBase {
  readonly action: 'refresh';
  readonly row: RowPayload;
}

/** Why a rule's keys are flushed: a table change, a transaction with too many rows, a column that is gone, or changes that nobody has seen. */
export type FlushReason = TableChangeOperation | 'large_transaction' | 'column_missing' | 'gap';

/**
 * Every key that one template of a rule can give goes, whichever row it belongs to. `key` is the pattern in the glob syntax
 * of Redis (`product:*`; `*`, `?`, `[`, `]`, `^` and `\` of the fixed text are escaped with `\`), `partitionKey` the rule's name.
 */
export interface FlushInvalidation extends InvalidationBase {
  readonly action: 'flush';
  readonly reason: FlushReason;
  /**
   * True when a refresh rule may own the same keys. The flush then leaves alone what carries a newer version, and the transport
   * delivers it so that it acts after everything that was published before it, whatever the partition: in Kafka a copy in every
   * partition. Plain deletes need none of that: they do not mind their order.
   */
  readonly versioned: boolean;
  /** As in DeleteInvalidation: flushed once more when so much time has passed. */
  readonly againAfterMs: number | null;
}

/**
 * The epoch of a table was raised: `key` is `sluice:epoch:<database>.<table>`, its new value the invalidation's version.
 * Applications read it and put it where the key template says `{@epoch}`.
 */
export interface EpochInvalidation extends InvalidationBase {
  readonly action: 'epoch';
}

/** What `again_after` may be: below, one late write could slip through twice; above, too much would be owed. */
export const AGAIN_AFTER_MS = { min: 100, max: 600_000 } as const;

export type Invalidation = DeleteInvalidation | RefreshInvalidation | FlushInvalidation | EpochInvalidation;

/** When it is done once more; null: never. */
export function againAfterOf(invalidation: Invalidation): number | null {
  return invalidation.action === 'delete' || invalidation.action === 'flush' ? invalidation.againAfterMs : null;
}

/** By rule name, then by operation: a rule may refresh on an update and delete on a delete. */
export type RefreshPlans = ReadonlyMap<string, Readonly<Partial<Record<Operation, RefreshPlan>>>>;

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

/** The plan that a refresh was made for; undefined when the rules no longer have one. */
export function planOf(plans: RefreshPlans, { rule, origin }: RefreshInvalidation): RefreshPlan | undefined {
  const { operation } = origin;
  // Only rows are refreshed.
  if (operation !== 'insert' && operation !== 'update' && operation !== 'delete') return undefined;
  return plans.get(rule)?.[operation];
}

/** Each plan once. */
export function allPlans(plans: RefreshPlans): RefreshPlan[] {
  return [...new Set([...plans.values()].flatMap((byOperation) => Object.values(byOperation)))];
}

export function hasQuery(plans: RefreshPlans): boolean {
  return allPlans(plans).some(({ from }) => from.kind === 'query');
}
