/**
 * Every interface between the stages, on one page, naming no library. Data goes forward as batches; only two values
 * go backward: the acknowledgement that moves the watermark, and the Kafka offset commit. Control only says "stop",
 * by AbortSignal: an aborted call settles soon, by returning or by throwing the signal's reason.
 */
import type { LossReason } from './model/gap.ts';
import type { ChangeOrigin, Invalidation } from './model/invalidation.ts';
import type { Epochs, Position, ResumePoint, Start } from './model/position.ts';
import type { ChangeBatch, JsonValue } from './model/row-change.ts';
import type { Version } from './model/version.ts';

/** Everything after a position, in commit order. Implementations: MysqlChangeSource, MemoryChangeSource (tests). */
export interface ChangeSource {
  /**
   * Batches after `from`, in commit order, until aborted; reconnects by itself. May repeat from the last transaction
   * end (with the same versions); never skips. Pulling slowly pauses the connection: that is the back-pressure.
   * Throws SOURCE_POSITION_GONE when the server no longer has the position, SOURCE_DECODE when an event cannot be read.
   */
  changes(from: ResumePoint, signal: AbortSignal): AsyncIterable<ChangeBatch>;
  /** The position that a first start means on this server. Retries until aborted. */
  locate(start: Start, signal: AbortSignal): Promise<Position>;
}

/** Takes invalidations toward the cache. Implementations: InProcessQueue, KafkaPublisher. */
export interface InvalidationPublisher {
  /**
   * Resolves when every invalidation is durable in Kafka, or applied (in-process). Calls may overlap; invalidations
   * with the same partition key keep the order of the calls. Rejects only when it can never succeed, or aborted.
   */
  publish(invalidations: readonly Invalidation[]): Promise<void>;
  /** Waits for what is in flight, then frees everything. */
  close(): Promise<void>;
}

/** One thing read from a partition: an invalidation, or bytes that are none. */
export type DeliveredItem =
  | { readonly kind: 'invalidation'; readonly invalidation: Invalidation; readonly place: string }
  | { readonly kind: 'unreadable'; readonly raw: string; readonly reason: string; readonly place: string };

/** Records that nobody has read may be gone from these partitions: what they would have invalidated is not known. */
export interface RecordLoss {
  readonly reason: LossReason;
  readonly partitions: readonly number[];
}

/** Invalidations of one partition, in order. `place` (`topic/partition@offset`) says where each was found. */
export interface PartitionBatch {
  readonly partition: number;
  readonly items: readonly DeliveredItem[];
  /** What is missing before the items, here and in other partitions: of none of them comes anything until this batch is handled. */
  readonly lost?: RecordLoss;
}

/** What of a batch is done later: it is all applied once, and something of it has to be applied once more. */
export interface Remainder {
  /** Resolves when the batch is finished; rejects as a handler does, also with the reason of the batch's signal. */
  readonly finished: Promise<void>;
}

/**
 * Applies one batch; never called twice at once for one partition. Resolves when the next batch may come: with null when this one
 * is finished (applied or kept as a dead letter), else with what remains of it, and then it is not finished before that is.
 */
export type BatchHandler = (batch: PartitionBatch, signal: AbortSignal) => Promise<Remainder | null>;

/** The consuming side. Implementations: InProcessQueue, KafkaSubscription. */
export interface InvalidationSubscription {
  /**
   * One loop per partition, batches in order; the offset is committed after the batch and all before it are finished, never
   * before. Before a partition is taken away its loop is drained (its handler's signal aborts only when time is up); a remainder
   * is not waited for then, and repeated. A repeated delivery after a crash or rebalance begins at the last committed offset.
   * Resolves when aborted and drained, remainders too; rejects when the handler or a remainder rejects, or on an error that
   * restarting the client does not mend.
   */
  run(handler: BatchHandler, signal: AbortSignal): Promise<void>;
}

export type CacheCommand =
  | { readonly kind: 'delete'; readonly key: string; readonly version: Version; readonly versioned: boolean }
  | {
      readonly kind: 'set';
      readonly key: string;
      readonly version: Version;
      /** A string is stored as it is (SET); fields are stored as a hash (HSET). */
      readonly value: string | Readonly<Record<string, string>>;
      /** Null: no expiry. */
      readonly ttlMs: number | null;
    };

/** `newer`: the key already carries a newer version, nothing was changed. `failed` can never succeed as it is. */
export type CacheOutcome = 'applied' | 'newer' | { readonly failed: string };

/** Which keys of a target go, and how. */
export interface FlushRequest {
  /** In Redis' glob syntax, as in FlushInvalidation. */
  readonly pattern: string;
  readonly version: Version;
  /** Keys that carry a newer version stay. False: whatever matches goes. */
  readonly versioned: boolean;
  /**
   * Of a versioned one: keys with a newer version go too. That version stays, unless it is so high that only a past that nobody
   * remembers can have given it (`lostAbove`): then it becomes the flush's.
   */
  readonly forced?: boolean;
}

/** So far, since this call began. */
export interface FlushProgress {
  readonly scannedKeys: number;
  readonly removedKeys: number;
}

/** One Redis target. Implementations: RedisCache, MemoryCache (tests). */
export interface Cache {
  readonly name: string;
  /**
   * Applies commands for distinct keys; one outcome per command, same order. Safe to repeat. Throws CACHE_UNAVAILABLE
   * (retryable) when the target did not answer: each command is then applied or not, and must be repeated.
   */
  apply(commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]>;
  /**
   * Removes every key that matches, paced so that other clients are still answered soon. Resolves with the totals when each
   * key that was there at the call, and all the time until the end, is gone; keys that appear meanwhile may stay. Safe to repeat.
   * Throws CACHE_UNAVAILABLE (then all of it must be repeated), or the signal's reason.
   */
  flush(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress>;
  /** Resolves if the target answers and accepts writes; throws the reason otherwise. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A refresh query with its parameters in the order of its `?` placeholders. */
export interface RowQuery {
  readonly sql: string;
  readonly parameters: readonly JsonValue[];
  /** The default database: table names without one mean the database of the row that changed. */
  readonly database: string;
  /** The transaction whose changes the rows read must show; null where the source has no GTIDs. */
  readonly gtid: string | null;
}

/** Reads the rows of a refresh query when it is applied. Implementations: MysqlRowReader, in-memory (tests). */
export interface RowReader {
  /**
   * Rows as JSON-ready objects, never older than the transaction: its event is in the binary log before the server lets
   * others see its rows, so the reader waits. Null: it will never be visible there, and what is could be older. Throws
   * READ_UNAVAILABLE (retryable) or READ_REFUSED (the statement can never succeed).
   */
  read(query: RowQuery): Promise<readonly Readonly<Record<string, JsonValue>>[] | null>;
  close(): Promise<void>;
}

/** The same lookup query for several rows. */
export interface LookupRequest {
  readonly sql: string;
  readonly database: string;
  /** The newest transaction whose changes the answers must show; null where the source has no GTIDs. */
  readonly gtid: string | null;
  /** One list for each row, in the order of the `?` placeholders. */
  readonly parameters: readonly (readonly JsonValue[])[];
  readonly timeoutMs: number;
}

/** Answers the lookups of rules, many at once. Implementations: MysqlRowLookup, in-memory (tests, `sluice test`). */
export interface RowLookup {
  /**
   * For each list of parameters the rows it finds, as canonical texts (NULL stays null), never older than the transaction.
   * At most MAX_LOOKUP_ROWS (src/model/lookup.ts) + 1 rows each are read. Throws READ_UNAVAILABLE (retryable, time-outs too) or
   * READ_REFUSED (the statement can never succeed).
   */
  find(request: LookupRequest): Promise<readonly (readonly Readonly<Record<string, string | null>>[])[]>;
  close(): Promise<void>;
}

/** A row change that a rule could not be applied to: a column is missing, too many keys, a condition that failed. */
export interface UnmappedChange {
  readonly kind: 'unmapped';
  readonly rule: string;
  readonly origin: ChangeOrigin;
  readonly version: Version;
  readonly before: Readonly<Record<string, JsonValue>> | null;
  readonly after: Readonly<Record<string, JsonValue>> | null;
  /** The images are too large to be kept; both are null then. */
  readonly truncated?: boolean;
  /** `file:offset` of its transaction in the binlog. */
  readonly place: string;
}

export interface DeadLetter {
  /** Why it cannot be applied, in words and with an error code. */
  readonly reason: string;
  readonly item: DeliveredItem | UnmappedChange;
  /** The target that could not take it; null if it could not even be read. */
  readonly target: string | null;
}

/** Keeps what can never be applied. Implementations: FileDeadLetters, KafkaDeadLetters. */
export interface DeadLetters {
  /** Resolves only when durable. If it throws, the caller must stop its partition: nothing is skipped. */
  keep(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

/** What a capture needs to continue after a restart. */
export interface Checkpoint extends ResumePoint {
  /** As they were at the position. */
  readonly epochs: Epochs;
  readonly savedAtMs: number;
}

/** Implementations: FileCheckpointStore, RedisCheckpointStore, KafkaCheckpointStore. */
export interface CheckpointStore {
  /**
   * The checkpoint that counts: the last one saved under the newest token, or what stood there before it was claimed. Null if
   * there never was one. Throws CHECKPOINT_UNREADABLE if it is damaged.
   */
  load(): Promise<Checkpoint | null>;
  /**
   * Takes the next fencing token, greater than all before it; what `load` gives stays the same. From now on a save under an older
   * one changes nothing. Works on a damaged checkpoint too. Throws CHECKPOINT_UNAVAILABLE (retryable).
   */
  claim(): Promise<number>;
  /** Whether nobody has claimed a newer token. */
  isNewest(token: number): Promise<boolean>;
  /**
   * Durable when it resolves; a crash in between leaves the old one or the new one, never half. Throws LEASE_LOST if a newer
   * token was claimed, and CHECKPOINT_UNAVAILABLE (retryable).
   */
  save(checkpoint: Checkpoint, token: number): Promise<void>;
  close(): Promise<void>;
}

/** Remembers, with the cache itself, that the daemon (or a consumer group) has worked with it. Implementations: RedisStartTrace, KafkaStartTrace. */
export interface StartTrace {
  /** Whether it has. A cache that lost everything has lost its trace too, and nothing in it is stale. Throws a retryable error. */
  exists(): Promise<boolean>;
  /** Safe to repeat, and to be repeated: the cache may lose it. Throws a retryable error. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** Exactly one process of a name is the holder. Implementations: MysqlLease, in-memory (tests). */
export interface Lease {
  /**
   * Resolves when this process is the holder: at once if it is, else when it has become it, perhaps again after a lost
   * connection. Throws LEASE_LOST once another process took over, or the signal's reason.
   */
  acquire(signal: AbortSignal): Promise<void>;
  /** Whether it is the holder at this very moment: to be asked right before anything that only the holder may do. */
  isHeld(): boolean;
  /** Whether this process waits for another one, which holds it. */
  isStandby(): boolean;
  /** Aborted with the reason (LEASE_LOST) when another process took over. It never comes back after that. */
  readonly lost: AbortSignal;
  /** Lets go: the next one has it at once. */
  close(): Promise<void>;
}

export interface Clock {
  /** ms since the epoch. Whoever sets the clock of the machine moves it. */
  now(): number;
  /** ms since some moment, for what has to last a time: it only ever goes forward, at the same pace. */
  monotonicMs(): number;
  /** Resolves after `ms`; throws the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
