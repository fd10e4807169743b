import { PartitionAssigners, type Cluster, type Consumer, type KafkaMessage } from 'kafkajs';
import type { Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { classifyKafkaError, describeKafkaError, isKafkaError } from './kafka-errors.ts';
import { askBrokers, within } from './time-limit.ts';

export interface KafkaReaderOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Failures in a row after which reading gives up with TRANSPORT_UNAVAILABLE; unbounded if not given. */
  readonly maxFailures?: number;
}

/**
 * Where reading begins in every partition: `since` is the first record of that time (ms since the epoch) or later; `offset`,
 * for a topic of one partition, is that one, or the oldest there is if it is gone.
 */
export type ReadFrom =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'since'; readonly timeMs: number }
  | { readonly kind: 'offset'; readonly offset: number };

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** What we use of the answer to a fetch request. */
interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly (KafkaMessage & { readonly isControlRecord?: boolean })[];
    }[];
  }[];
}

const MAX_WAIT_MS = 250;
const DISCONNECT_LIMIT_MS = 1_000;
const READ_COMMITTED = 1;

/**
 * Reads a whole topic without being a member of a consumer group: no rebalance, no coordinator, no group left behind,
 * and no privilege on groups needed. kafkajs has no such reader; but it hands its cluster object, which can fetch, to
 * the partition assigner of a consumer, and a consumer that is only connected never joins its group.
 */
export class KafkaReader {
  readonly #options: KafkaReaderOptions;
  readonly #consumer: Consumer;
  readonly #next = new Map<number, number>();
  #cluster: Cluster | undefined;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    const client = createKafkaClient({ connection: options.connection, logger: options.logger, retries: 1 });
    this.#consumer = client.consumer({
      groupId: `${options.connection.clientId}-reader`,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (config) => {
          this.#cluster = config.cluster;
          return PartitionAssigners.roundRobin(config);
        },
      ],
    });
  }

  /** Everything from `from` on, in chunks, in order per partition, until aborted. */
  async *follow(from: ReadFrom, signal: AbortSignal): AsyncGenerator<readonly ReadRecord[]> {
    await this.#retry(() => this.#begin(from), signal);
    while (!signal.aborted) {
      const records = await this.#retry(() => this.#fetch(), signal);
      if (records !== undefined && records.length > 0) yield records;
    }
  }

  /** Everything from `from` to what is the end now. */
  async *toEnd(from: ReadFrom, signal: AbortSignal): AsyncGenerator<readonly ReadRecord[]> {
    await this.#retry(() => this.#begin(from), signal);
    const ends = await this.#retry(() => this.#offsets({ kind: 'latest' }), signal);
    const isOpen = (partition: number): boolean => (this.#next.get(partition) ?? 0) < (ends?.get(partition) ?? 0);
    while (!signal.aborted && [...this.#next.keys()].some(isOpen)) {
      const records = await this.#retry(() => this.#fetch(), signal);
      if (records !== undefined && records.length > 0) yield records;
    }
    signal.throwIfAborted();
  }

  async close(): Promise<void> {
    await within(DISCONNECT_LIMIT_MS, this.#consumer.disconnect());
  }

  async #begin(from: ReadFrom): Promise<void> {
    await askBrokers(this.#consumer.connect());
    await askBrokers(this.#clusterOrThrow().addMultipleTargetTopics([this.#options.topic]));
    const first = from.kind === 'offset' ? from.offset : 0;
    const found = await this.#offsets(from.kind === 'offset' ? { kind: 'earliest' } : from);
    for (const [partition, offset] of found) this.#next.set(partition, Math.max(first, offset));
  }

  async #offsets(from: Exclude<ReadFrom, { kind: 'offset' }>): Promise<Map<number, number>> {
    const cluster = this.#clusterOrThrow();
    const { topic } = this.#options;
    const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId }));
    const ask = async (
      where: { fromBeginning: boolean } | { fromTimestamp: number },
    ): Promise<readonly { partition: number; offset: string }[]> =>
      (await askBrokers(cluster.fetchTopicsOffset([{ topic, partitions, ...where }])))[0]?.partitions ?? [];
    // A partition without a record that young answers -1: then its end is meant, as it was before that question, or a
    // record that came in between would be passed over.
    const ends = from.kind === 'since' ? await ask({ fromBeginning: false }) : [];
    const found = await ask(
      from.kind === 'since' ? { fromTimestamp: from.timeMs } : { fromBeginning: from.kind === 'earliest' },
    );
    const endOf = (wanted: number): string => ends.find(({ partition }) => partition === wanted)?.offset ?? '0';
    return new Map(
      found.map(({ partition, offset }) => [partition, Number(Number(offset) < 0 ? endOf(partition) : offset)]),
    );
  }

  async #fetch(): Promise<ReadRecord[]> {
    const cluster = this.#clusterOrThrow();
    const { topic } = this.#options;
    const leaders = cluster.findLeaderForPartitions(topic, [...this.#next.keys()]);
    const asked = Promise.all(
      Object.entries(leaders).map(async ([nodeId, partitions]) => {
        const broker = await cluster.findBroker({ nodeId });
        return (await broker.fetch({
          isolationLevel: READ_COMMITTED,
          maxWaitTime: MAX_WAIT_MS,
          minBytes: 1,
          topics: [{ topic, partitions: partitions.map((partition) => this.#request(partition)) }],
        })) as FetchAnswer;
      }),
    );
    // Given up as a whole: what comes later must not count as read.
    return (await askBrokers(asked))
      .flatMap(({ responses }) => responses)
      .flatMap(({ partitions }) => partitions)
      .flatMap(({ partition, messages }) => this.#take(partition, messages));
  }

  #request(partition: number): { partition: number; fetchOffset: string; maxBytes: number } {
    return { partition, fetchOffset: String(this.#next.get(partition) ?? 0), maxBytes: 1_048_576 };
  }

  /** A compressed batch is delivered whole, also what stands in it before the wanted offset. */
  #take(partition: number, messages: FetchAnswer['responses'][0]['partitions'][0]['messages']): ReadRecord[] {
    const records: ReadRecord[] = [];
    for (const { offset: text, timestamp, key, value, isControlRecord } of messages) {
      const offset = Number(text);
      if (offset < (this.#next.get(partition) ?? 0)) continue;
      this.#next.set(partition, offset + 1);
      if (isControlRecord !== true) records.push({ partition, offset, timestampMs: Number(timestamp), key, value });
    }
    return records;
  }

  /** Undefined when aborted. */
  async #retry<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const { topic, clock, logger, maxFailures = Infinity } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await work();
      } catch (error) {
        const reason = describeKafkaError(error);
        if (classifyKafkaError(error) === 'permanent' || failures >= maxFailures) {
          const code = failures >= maxFailures ? 'TRANSPORT_UNAVAILABLE' : 'SUBSCRIPTION_FAILED';
          throw new SluiceError(code, `topic ${topic} cannot be read: ${reason}`, { cause: error });
        }
        logger.info({ topic, reason }, 'reading failed, trying again');
        await clock.sleep(fullJitterMs(failures, { baseMs: 100, maxMs: 5_000 }), signal).catch(() => undefined);
        if (!signal.aborted) await this.#recover(error);
      }
    }
    return undefined;
  }

  /** Brings connections and metadata up to date; an offset that is gone is replaced by the oldest there is. */
  async #recover(error: unknown): Promise<void> {
    const cluster = this.#clusterOrThrow();
    try {
      if (!cluster.isConnected()) await askBrokers(cluster.connect());
      await askBrokers(cluster.refreshMetadata());
      if (!isKafkaError(error, 'OFFSET_OUT_OF_RANGE')) return;
      for (const [partition, oldest] of await this.#offsets({ kind: 'earliest' })) {
        if ((this.#next.get(partition) ?? 0) < oldest) this.#next.set(partition, oldest);
      }
    } catch (another) {
      this.#options.logger.debug({ reason: describeKafkaError(another) }, 'still not reachable');
    }
  }

  #clusterOrThrow(): Cluster {
    if (this.#cluster === undefined) throw new TypeError('kafkajs has not handed out its cluster');
    return this.#cluster;
  }
}
