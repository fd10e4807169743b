import type { Admin, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { BatchHandler } from '../ports.ts';
import { errorMessage } from '../runtime/errors.ts';
import { createKafkaClient } from './kafka-client.ts';
import { describeKafkaError, isKafkaError } from './kafka-errors.ts';
import type { KafkaSubscriptionOptions } from './kafka-subscription.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { RecordDecoder } from './record-decoder.ts';

/** The handler rejected: not a matter of the consumer. The cause is what it rejected with. */
export class HandlerFailure extends Error {}

const MAX_WAIT_MS = 250;
const LAG_INTERVAL_MS = 5_000;
/** How long a stop waits for what needs the brokers. */
const STOP_STEP_MS = 2_000;

/**
 * The life of one kafkajs consumer, from connecting to the end of its membership. Traps it avoids:
 *
 * - `autoCommit` commits what was delivered, not what was finished. We commit ourselves: offsets whose handler has
 *   resolved, on a timer, before a rejoin and at the end.
 * - Heartbeats come only from our code. A timer sends them while handlers run, so that a target that is away for
 *   minutes does not cost the membership.
 * - Rebalancing is eager: the group waits until every member has let go of everything. A heartbeat tells; then no new
 *   slice is begun, running handlers are drained (aborted when time is up), what is finished is committed, and only
 *   then `eachBatch` ends with that error, which makes kafkajs rejoin.
 * - kafkajs may rejoin while batches are running, when a leader moves or partitions are added: the generation tells,
 *   and a batch of an older generation neither resolves nor commits. What two members then do twice, versions sort out.
 */
export class ConsumerSession {
  readonly #options: KafkaSubscriptionOptions;
  readonly #handler: BatchHandler;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #tracker = new OffsetTracker();
  readonly #decoder = new RecordDecoder();
  readonly #maxBatchRecords: number;
  readonly #over = new AbortController();
  /** Rejects when the consumer crashed or the handler rejected. */
  readonly #ended: Promise<never>;
  #end: (reason: Error) => void = () => undefined;

  #generation = 0;
  /** Aborts the running handlers of this generation. */
  #handlers = new AbortController();
  /** What a heartbeat said: our partitions are going to be taken away. */
  #rebalance: Error | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #started: Promise<void> = Promise.resolve();
  #startingOffsets: Promise<void> = Promise.resolve();
  #committing: Promise<void> = Promise.resolve();
  #heartbeat: (() => Promise<void>) | undefined;
  #active = 0;
  #quiet: (() => void) | undefined;
  #stopping = false;
  #lastSignMs: number;
  #delivered = false;

  constructor(options: KafkaSubscriptionOptions, handler: BatchHandler) {
    const { connection, logger, group, heartbeatIntervalMs = 1_000, sessionTimeoutMs = 10_000 } = options;
    this.#options = options;
    this.#handler = handler;
    this.#maxBatchRecords = options.maxBatchRecords ?? 2_000;
    this.#lastSignMs = options.clock.now();
    this.#ended = new Promise((_, reject) => (this.#end = reject));
    this.#ended.catch(() => undefined);
    const client = createKafkaClient({ connection, logger });
    this.#admin = client.admin();
    this.#consumer = client.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: this.#rebalanceTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      // The broker answers as soon as there is one byte; this is only how long it may keep an empty answer.
      minBytes: 1,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      // Every end of a consumer is ours to handle: the same path, the same metric, a fresh client.
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  /** Something was handled: the backoff may begin anew. */
  get hasDelivered(): boolean {
    return this.#delivered;
  }

  /** Resolves when aborted and drained. Rejects with a HandlerFailure, or with what ended the consumer. */
  async run(signal: AbortSignal): Promise<void> {
    const timers = this.#startTimers();
    try {
      this.#started = this.#start();
      await Promise.race([this.#started, this.#ended, aborted(signal)]);
      await Promise.race([this.#ended, aborted(signal)]);
    } finally {
      await this.#stop(signal);
      timers.forEach(clearInterval);
      clearTimeout(this.#drainTimer);
      this.#over.abort();
    }
  }

  async #start(): Promise<void> {
    const { topic, partitions } = this.#options;
    const { events } = this.#consumer;
    this.#consumer.on(events.CRASH, ({ payload }) => this.#end(payload.error));
    this.#consumer.on(events.GROUP_JOIN, (event) => this.#joined(event));
    // Emitted before the rejoin: on the same connection, this commit arrives before it and under the old generation.
    this.#consumer.on(events.REBALANCING, () => void this.#commit());
    this.#consumer.on(events.FETCH, () => this.#noteSign());
    await Promise.all([this.#admin.connect(), this.#consumer.connect()]);
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    // Before joining, too: kafkajs may throw an offset that is out of range away sooner than it can be read after.
    await this.#readStartingOffsets();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  #startTimers(): NodeJS.Timeout[] {
    const { commitIntervalMs = 500, heartbeatIntervalMs = 1_000 } = this.#options;
    return [
      setInterval(() => void this.#commit(), commitIntervalMs),
      // Twice as often as needed: kafkajs sends one only when the interval has passed since the last.
      setInterval(() => this.#beat(), heartbeatIntervalMs / 2),
      setInterval(() => void this.#measureLag(), LAG_INTERVAL_MS),
    ];
  }

  #joined({ payload }: ConsumerGroupJoinEvent): void {
    const { target, metrics, logger, topic, group } = this.#options;
    const partitions = payload.memberAssignment[topic] ?? [];
    for (const partition of this.#tracker.partitions) {
      if (!partitions.includes(partition)) {
        metrics.set('sluice_consumer_lag_records', { target, partition: String(partition) }, 0);
      }
    }
    this.#generation++;
    this.#rebalance = undefined;
    clearTimeout(this.#drainTimer);
    this.#handlers = new AbortController();
    this.#tracker.assign(partitions);
    this.#startingOffsets = this.#readStartingOffsets();
    this.#noteSign();
    logger.info({ topic, group, partitions }, 'joined the consumer group');
  }

  /** What the group had committed when we got the partitions: where the first batch of each has to begin. */
  async #readStartingOffsets(): Promise<void> {
    const { topic, group, logger } = this.#options;
    try {
      const [answer] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] });
      for (const { partition, offset } of answer?.partitions ?? []) {
        this.#tracker.groupCommitted({ partition, offset: Number(offset) });
      }
      await this.#measureLag();
    } catch (error) {
      logger.debug({ topic, group, reason: describeKafkaError(error) }, 'committed offsets not read');
    }
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    if (this.#over.signal.aborted) throw new Error('the session of this consumer is over');
    if (this.#stopping) return;
    this.#active++;
    this.#heartbeat = () => payload.heartbeat();
    try {
      await this.#startingOffsets;
      await this.#work(payload, this.#generation);
    } finally {
      this.#active--;
      if (this.#active === 0) this.#quiet?.();
    }
    if (this.#rebalance !== undefined) {
      await this.#commit();
      throw this.#rebalance;
    }
  }

  async #work(payload: EachBatchPayload, generation: number): Promise<void> {
    const { batch } = payload;
    const { partition, messages } = batch;
    this.#noteDelivery(partition, Number(batch.firstOffset() ?? 0), Number(batch.highWatermark));
    const signal = this.#handlers.signal;
    for (let begin = 0; begin < messages.length; begin += this.#maxBatchRecords) {
      if (this.#stopping || this.#rebalance !== undefined || generation !== this.#generation || payload.isStale())
        return;
      const slice = messages.slice(begin, begin + this.#maxBatchRecords);
      const last = slice.at(-1)?.offset ?? '0';
      const handled = await this.#handle(partition, slice, signal);
      if (!handled || generation !== this.#generation) return;
      payload.resolveOffset(last);
      const isEnd = begin + slice.length >= messages.length;
      this.#tracker.finished(partition, Number(isEnd ? batch.lastOffset() : last) + 1);
      this.#showLag(partition);
      this.#delivered = true;
      this.#noteSign();
    }
  }

  /** False if the handler did not finish. */
  async #handle(partition: number, messages: readonly KafkaMessage[], signal: AbortSignal): Promise<boolean> {
    const place = `${this.#options.topic}/${partition}@`;
    const items = messages.map((message) => this.#decoder.decode(message, place + message.offset));
    try {
      await this.#handler({ partition, items }, signal);
      return true;
    } catch (error) {
      // Not finished because its time was up is not a failure: the records are delivered again.
      if (!signal.aborted) this.#end(new HandlerFailure('the batch handler rejected', { cause: error }));
      return false;
    }
  }

  #beat(): void {
    const { clock, sessionTimeoutMs = 10_000 } = this.#options;
    if (this.#active > 0) {
      this.#noteSign();
      this.#heartbeat?.().catch((error: unknown) => this.#noteHeartbeat(error));
    } else if (clock.now() - this.#lastSignMs > this.#rebalanceTimeoutMs + 2 * sessionTimeoutMs) {
      this.#end(new Error('the consumer has shown no sign of life'));
    }
  }

  #noteHeartbeat(error: unknown): void {
    if (!(error instanceof Error) || this.#rebalance !== undefined) return;
    if (isKafkaError(error, 'REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP')) {
      this.#rebalance = error;
      this.#drainLater(error);
    } else if (isKafkaError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) {
      // Too late to drain: the partitions belong to other members already.
      this.#rebalance = error;
      this.#handlers.abort(error);
    } else this.#options.logger.debug({ reason: describeKafkaError(error) }, 'heartbeat failed');
  }

  #drainLater(reason: unknown): void {
    const handlers = this.#handlers;
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => handlers.abort(reason), this.#options.drainTimeoutMs ?? 10_000);
  }

  /** Begins nothing new, drains, commits, leaves the group. */
  async #stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#drainLater(signal.aborted ? signal.reason : undefined);
    try {
      this.#consumer.pause([{ topic: this.#options.topic }]);
    } catch {
      // Not running: nothing to pause.
    }
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#quiet = resolve));
    // kafkajs cannot be stopped while it joins; and a broker that is away does not answer a commit.
    await within(STOP_STEP_MS, this.#started);
    await within(STOP_STEP_MS, this.#commit());
    for (const client of [this.#consumer, this.#admin]) {
      await client.disconnect().catch((error: unknown) => {
        this.#options.logger.debug({ reason: errorMessage(error) }, 'disconnecting failed');
      });
    }
  }

  /** Commits what is finished, one commit after the other. A commit that fails costs a repetition, nothing else. */
  #commit(): Promise<void> {
    return (this.#committing = this.#committing.then(() => this.#commitNow()));
  }

  async #commitNow(): Promise<void> {
    const { topic, group, logger } = this.#options;
    const generation = this.#generation;
    const offsets = this.#tracker.uncommitted();
    if (offsets.length === 0) return;
    try {
      await this.#consumer.commitOffsets(
        offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset) })),
      );
      if (generation === this.#generation) offsets.forEach((offset) => this.#tracker.committed(offset));
    } catch (error) {
      logger.info({ topic, group, reason: describeKafkaError(error) }, 'offsets not committed');
    }
  }

  #noteDelivery(partition: number, first: number, highWatermark: number): void {
    const jump = this.#tracker.delivered(partition, first, highWatermark);
    this.#showLag(partition);
    if (jump === undefined) return;
    const { topic, group, target, logger, metrics } = this.#options;
    const fields = { topic, partition, group, ...jump };
    if (jump.found > jump.expected) {
      metrics.count('sluice_consumer_skipped_records_total', { target }, jump.found - jump.expected);
      logger.error(fields, 'records were deleted before this group read them: the cache may be stale');
    } else logger.warn(fields, 'the partition begins before the committed offset: it was recreated or truncated');
  }

  /** A consumer that is held up fetches nothing and so learns of no new records: the broker is asked now and then. */
  async #measureLag(): Promise<void> {
    try {
      for (const { partition, low, high } of await this.#admin.fetchTopicOffsets(this.#options.topic)) {
        this.#tracker.ends(partition, Number(low), Number(high));
      }
      this.#tracker.partitions.forEach((partition) => this.#showLag(partition));
    } catch (error) {
      this.#options.logger.debug({ reason: describeKafkaError(error) }, 'lag not measured');
    }
  }

  #showLag(partition: number): void {
    const { metrics, target } = this.#options;
    const labels = { target, partition: String(partition) };
    metrics.set('sluice_consumer_lag_records', labels, this.#tracker.lag(partition));
  }

  #noteSign(): void {
    this.#lastSignMs = this.#options.clock.now();
  }

  /** The group waits this long for us to let go: longer than we drain. */
  get #rebalanceTimeoutMs(): number {
    return Math.max(60_000, 2 * (this.#options.drainTimeoutMs ?? 10_000));
  }
}

/** Resolves when aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Resolves when the promise has settled, or after `ms`. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise.catch(() => undefined), limit]);
  clearTimeout(timer);
}
