import {
  PartitionAssigners,
  type Cluster,
  type Consumer,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type KafkaMessage,
} from 'kafkajs';
import type { BatchHandler, PartitionBatch, RecordLoss, Remainder } from '../ports.ts';
import { aborted } from '../runtime/aborted.ts';
import { errorMessage } from '../runtime/errors.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { batchLength } from './batch-bound.ts';
import { createKafkaClient } from './kafka-client.ts';
import { GroupOffsets } from './kafka-group-offsets.ts';
import { KafkaGroupView } from './kafka-group-view.ts';
import { Membership } from './kafka-membership.ts';
import type { KafkaSubscriptionOptions } from './kafka-subscription.ts';
import { RecordDecoder } from './record-decoder.ts';
import { Remainders } from './remainders.ts';
import { within } from './time-limit.ts';

/** The handler rejected: not a matter of the consumer. The cause is what it rejected with. */
export class HandlerFailure extends Error {}

const MAX_WAIT_MS = 250;
const LOOK_INTERVAL_MS = 5_000;
/** How long a stop waits for what needs the brokers. */
const STOP_STEP_MS = 2_000;
const DEFAULTS = {
  maxBatchRecords: 2_000,
  commitIntervalMs: 500,
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 1_000,
  drainTimeoutMs: 10_000,
};

/**
 * The life of one kafkajs consumer, from connecting to the end of its membership. Traps it avoids:
 *
 * - `autoCommit` commits what was delivered, not what was finished. We commit ourselves: offsets before which
 *   everything is finished, on a timer, before a rejoin and at the end.
 * - Heartbeats come only from our code. A timer sends them while handlers run, so that a target that is away for
 *   minutes does not cost the membership.
 * - kafkajs may rejoin while batches are running, when a leader moves or partitions are added: the generation tells,
 *   and a batch of an older one neither resolves nor commits. What two members then do twice, versions sort out.
 * - It asks a broker that does not answer again and again: for one and a half minutes where it leads or coordinates, and for
 *   as long where it was the first to be asked. The first time-out ends the session instead: the next one asks whoever answers.
 * - A broker answers a connection in the order of its requests, and JoinGroup only when the whole group has come, or a member that died has
 *   been given up: what is asked meanwhile waits behind it. So nothing is, and the time-out of what was on its way proves nothing.
 * - A rebalance stops the whole group until its last member is ready, so remainders are not waited for then: they go on, and are
 *   repeated by whoever has the partition next. Only a stop waits for them, while the others still work.
 */
export class ConsumerSession {
  readonly #options: KafkaSubscriptionOptions & typeof DEFAULTS;
  readonly #handler: BatchHandler;
  readonly #consumer: Consumer;
  readonly #offsets: GroupOffsets;
  readonly #membership: Membership;
  readonly #decoder = new RecordDecoder();
  readonly #remainders = new Remainders();
  /** Rejects when the consumer crashed or the handler rejected. */
  readonly #ended: Promise<never>;
  #end: (reason: Error) => void = () => undefined;
  #started: Promise<void> = Promise.resolve();
  #heartbeat: (() => Promise<void>) | undefined;
  /** Aborts what is done for the assignment that the group has given us last. */
  #assignment = new AbortController();
  /** Calls of eachBatch that are running, and who waits until there are none. */
  #active = 0;
  #quiet: (() => void) | undefined;
  #over = false;
  /** The group is being joined; `again`: something may have been asked beside it. */
  #joining: 'first' | 'again' | null = 'first';
  #lastSignMs: number;
  #delivered = false;

  /** `begunAnew`: see GroupOffsets. */
  constructor(given: KafkaSubscriptionOptions, handler: BatchHandler, begunAnew: Set<number>) {
    const options = { ...DEFAULTS, ...given };
    this.#options = options;
    this.#handler = handler;
    this.#lastSignMs = options.clock.monotonicMs();
    this.#ended = new Promise((_, reject) => (this.#end = reject));
    this.#ended.catch(() => undefined);
    let cluster: Cluster | undefined;
    this.#consumer = createKafkaClient(options).consumer({
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: this.#rebalanceTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs,
      // The broker answers as soon as there is one byte; this is only how long it may keep an empty answer.
      minBytes: 1,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      // Every end of a consumer is ours to handle: the same path, the same metric, a fresh client.
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
      partitionAssigners: [
        (config) => {
          cluster = config.cluster;
          return PartitionAssigners.roundRobin(config);
        },
      ],
    });
    const clusterOrThrow = (): Cluster => {
      if (cluster === undefined) throw new TypeError('kafkajs has not handed out its cluster');
      return cluster;
    };
    this.#offsets = new GroupOffsets({
      ...options,
      consumer: this.#consumer,
      view: new KafkaGroupView({ ...options, cluster: clusterOrThrow }),
      begunAnew,
      mend: (lost, signal) => this.#mend(lost, signal),
      remainders: this.#remainders,
      onFailed: (signal) => this.#failed(signal),
    });
    this.#membership = new Membership(options);
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
    }
  }

  async #start(): Promise<void> {
    const { topic, partitions } = this.#options;
    const { events } = this.#consumer;
    this.#consumer.on(events.CRASH, ({ payload }) => this.#end(payload.error));
    this.#consumer.on(events.REQUEST_TIMEOUT, ({ payload: { broker, apiName } }) => this.#timedOut(broker, apiName));
    this.#consumer.on(events.GROUP_JOIN, (event) => this.#joined(event));
    // Emitted before the rejoin: on the same connection, this commit arrives before it and under the old generation.
    this.#consumer.on(events.REBALANCING, () => {
      void this.#offsets.commit();
      this.#joining = 'again';
    });
    this.#consumer.on(events.FETCH, () => this.#noteSign());
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#offsets.remember();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  #timedOut(broker: string, apiName: string): void {
    const isBehind = this.#joining === 'again' && !apiName.endsWith('Group');
    if (!isBehind) this.#end(new Error(`${broker} did not answer ${apiName} in time`));
  }

  #startTimers(): NodeJS.Timeout[] {
    const { commitIntervalMs, heartbeatIntervalMs } = this.#options;
    return [
      setInterval(() => void (this.#joining === null && this.#offsets.commit()), commitIntervalMs),
      // Twice as often as needed: kafkajs sends one only when the interval has passed since the last.
      setInterval(() => this.#beat(), heartbeatIntervalMs / 2),
      setInterval(() => void this.#look(), LOOK_INTERVAL_MS),
    ];
  }

  #joined({ payload }: ConsumerGroupJoinEvent): void {
    const { logger, topic, group } = this.#options;
    const partitions = payload.memberAssignment[topic] ?? [];
    this.#joining = null;
    this.#membership.joined();
    this.#assignment.abort(new Error('the group has assigned partitions anew'));
    this.#assignment = new AbortController();
    if (this.#over || this.#membership.stopping) this.#assignment.abort(new Error('the consumer stops'));
    this.#offsets.assign(partitions, this.#assignment.signal);
    this.#noteSign();
    logger.info({ topic, group, partitions }, 'joined the consumer group');
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    if (this.#over) throw new Error('the session of this consumer is over');
    if (this.#membership.stopping) return;
    this.#active++;
    this.#heartbeat = () => payload.heartbeat();
    try {
      const { signal } = this.#membership;
      const isReady = await unlessCutOff(this.#offsets.ready, signal);
      if (isReady === true && !signal.aborted) await this.#work(payload, this.#membership.generation);
    } finally {
      this.#active--;
      if (this.#active === 0) this.#quiet?.();
    }
    const { rebalance } = this.#membership;
    if (rebalance === undefined) return;
    await this.#offsets.commit();
    throw rebalance;
  }

  async #work(payload: EachBatchPayload, generation: number): Promise<void> {
    const { partition, messages, highWatermark } = payload.batch;
    if (payload.isStale()) return;
    if (!(await this.#isInPlace(partition, Number(payload.batch.firstOffset() ?? 0), Number(highWatermark)))) return;
    const { maxBatchRecords } = this.#options;
    for (let begin = 0; begin < messages.length;) {
      if (!this.#membership.mayBegin(generation) || payload.isStale()) return;
      const length = batchLength(messages, begin, { maxItems: maxBatchRecords, bytesOf });
      const slice = messages.slice(begin, begin + length);
      const { signal } = this.#membership;
      const handled = await this.#handle(partition, slice, signal);
      if (handled === undefined) return;
      const last = slice.at(-1)?.offset ?? '0';
      const isEnd = begin + slice.length >= messages.length;
      const next = Number(isEnd ? payload.batch.lastOffset() : last) + 1;
      const isCurrent = generation === this.#membership.generation;
      const batch = isCurrent ? this.#offsets.read(partition, next) : { partition, next };
      if (handled === null) this.#offsets.finished(batch);
      else this.#remainders.watch(handled, () => this.#offsets.finished(batch), this.#failed(signal));
      if (!isCurrent) return;
      payload.resolveOffset(last);
      this.#delivered = true;
      begin += length;
    }
  }

  /** Undefined if the handler did not do its work. */
  async #handle(
    partition: number,
    messages: readonly KafkaMessage[],
    signal: AbortSignal,
  ): Promise<Remainder | null | undefined> {
    const place = `${this.#options.topic}/${partition}@`;
    const items = messages.map((message) => this.#decoder.decode(message, place + message.offset));
    return this.#give({ partition, items }, signal);
  }

  async #mend(lost: RecordLoss, signal: AbortSignal): Promise<Remainder | null | undefined> {
    const remainder = await this.#give({ partition: lost.partitions[0] ?? 0, items: [], lost }, signal);
    if (remainder !== undefined) this.#delivered = true;
    return remainder;
  }

  /** Undefined if the handler did not do its work. */
  async #give(batch: PartitionBatch, signal: AbortSignal): Promise<Remainder | null | undefined> {
    try {
      return await this.#handler(batch, signal);
    } catch (error) {
      this.#failed(signal)(error);
      return undefined;
    }
  }

  /** Ends the session if records are lost: the next one finds out which when it joins. */
  async #isInPlace(partition: number, first: number, highWatermark: number): Promise<boolean> {
    try {
      // Brokers that do not answer must not hold up a stop.
      const isTaken = this.#offsets.delivered(partition, first, highWatermark);
      return (await unlessCutOff(isTaken, this.#membership.signal)) === true;
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  async #look(): Promise<void> {
    if (this.#joining !== null) return;
    const found = await this.#offsets.look();
    if (typeof found === 'object') this.#end(new Error(found.loss));
    else await this.#offsets.leaveTrace();
  }

  /** What to do when a handler or its remainder rejects. */
  #failed(signal: AbortSignal): (error: unknown) => void {
    return (error) => {
      // Not finished because its time was up is not a failure: the records are delivered again.
      if (!signal.aborted) this.#end(new HandlerFailure('the batch handler rejected', { cause: error }));
    };
  }

  #beat(): void {
    const { clock, sessionTimeoutMs } = this.#options;
    if (this.#active > 0) {
      this.#noteSign();
      this.#heartbeat?.().catch((error: unknown) => this.#membership.heartbeatFailed(error));
    } else if (clock.monotonicMs() - this.#lastSignMs > this.#rebalanceTimeoutMs + 2 * sessionTimeoutMs) {
      this.#end(new Error('the consumer has shown no sign of life'));
    }
  }

  /** Begins nothing new, drains, commits, leaves the group. A flush for lost records is not waited for: the loss is found again. */
  async #stop(signal: AbortSignal): Promise<void> {
    this.#assignment.abort(new Error('the consumer stops'));
    this.#membership.stop(signal.aborted ? signal.reason : new Error('the consumer stops'));
    try {
      this.#consumer.pause([{ topic: this.#options.topic }]);
    } catch {
      // Not running: nothing to pause.
    }
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#quiet = resolve));
    if (!signal.aborted) this.#membership.cutOff();
    await within(STOP_STEP_MS, this.#offsets.ready);
    await this.#remainders.settled();
    // kafkajs cannot be stopped while it joins; and a broker that is away does not answer a commit.
    await within(STOP_STEP_MS, this.#started);
    await within(STOP_STEP_MS, this.#offsets.commit());
    this.#over = true;
    this.#membership.end();
    const disconnected = this.#consumer.disconnect().catch((error: unknown) => {
      this.#options.logger.debug({ reason: errorMessage(error) }, 'disconnecting failed');
    });
    // It waits for the answers to requests under way: of a silent broker, until their time-out.
    await within(STOP_STEP_MS, disconnected);
  }

  #noteSign(): void {
    this.#lastSignMs = this.#options.clock.monotonicMs();
  }

  /** The group waits this long for us to let go: longer than we drain. */
  get #rebalanceTimeoutMs(): number {
    return Math.max(60_000, 2 * this.#options.drainTimeoutMs);
  }
}

/** What the promise becomes; undefined when aborted. */
async function unlessCutOff<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return unlessAborted(promise, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
}

/** Its text, and what it becomes when it is read. */
function bytesOf({ value }: KafkaMessage): number {
  return 2 * (value?.length ?? 0);
}
