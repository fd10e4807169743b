/**
 * Records in Kafka to deleted keys: subscription, worker and cache as the daemon has them, beside a bare kafkajs consumer that only counts
 * and a bare pipeline of UNLINKs with 500 keys each. `npm run bench -- --scenario kafka-to-redis`
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import type { DeleteInvalidation } from '../src/model/invalidation.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { Metrics } from '../src/runtime/metrics.ts';
import { createKafkaClient, type KafkaConnection } from '../src/transport/kafka-client.ts';
import { KafkaPublisher } from '../src/transport/kafka-publisher.ts';
import { KafkaSubscription } from '../src/transport/kafka-subscription.ts';
import { openApplySide } from './apply-side.ts';
import { originOf } from './origin.ts';
import { slices, Stopwatch, textOf, throughput, type Rate } from './lanes.ts';

const PARTITIONS = 12;
const KEYS_PER_UNLINK = 500;
/** As large as the largest batch of a worker. */
const KEYS_AT_ONCE = 2_000;
const PUBLISHED_AT_ONCE = 10_000;

export interface KafkaToRedisRates {
  readonly consumer: Rate[];
  readonly unlink: Rate[];
  readonly sluice: Rate[];
}

export interface KafkaToRedisOptions {
  readonly redisUrl: string;
  readonly brokers: readonly string[];
  readonly records: number;
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

interface Backlog {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Of each partition that has records. */
  readonly ends: ReadonlyMap<number, number>;
  readonly records: number;
}

export async function benchKafkaToRedis(options: KafkaToRedisOptions): Promise<KafkaToRedisRates> {
  const { redisUrl, brokers, records, rounds, progress } = options;
  const connection: KafkaConnection = { brokers, clientId: 'bench', tls: null, sasl: null };
  const topic = `bench-${randomUUID()}`;
  const keys = Array.from({ length: records }, (_, id) => `product:${id}`);
  const redis = new Redis(redisUrl);
  const admin = createKafkaClient({ connection, logger: silentLogger }).admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
    progress(`writing ${records} records`);
    await publish(connection, topic, keys);
    const found = await admin.fetchTopicOffsets(topic);
    const ends = new Map(found.map(({ partition, high }) => [partition, Number(high)]));
    const backlog: Backlog = { connection, topic, ends, records };
    const rates: KafkaToRedisRates = { consumer: [], unlink: [], sluice: [] };
    // The first round of all is compilation.
    for (let round = 0; round <= rounds; round++) {
      const consumer = await consume(backlog);
      await fill(redis, keys);
      const unlink = await throughput(slices(keys, KEYS_AT_ONCE), (batch) => unlinkAll(redis, batch));
      await fill(redis, keys);
      const sluice = await apply(backlog, redisUrl);
      const left = await redis.exists(...keys.slice(0, 1_000), ...keys.slice(-1_000));
      if (left > 0) throw new Error(`${left} keys are still there`);
      if (round === 0) continue;
      rates.consumer.push(consumer);
      rates.unlink.push(unlink);
      rates.sluice.push(sluice);
      const texts = [`consumer ${textOf(consumer)}`, `UNLINK ${textOf(unlink)}`, `sluice ${textOf(sluice)}`];
      progress(`kafka-to-redis ${round}: ${texts.join(', ')}`);
    }
    return rates;
  } finally {
    await redis.flushdb();
    redis.disconnect();
    await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
    await admin.disconnect();
  }
}

async function publish(connection: KafkaConnection, topic: string, keys: readonly string[]): Promise<void> {
  const parts = { clock: systemClock, logger: silentLogger, metrics: new Metrics() };
  const publisher = new KafkaPublisher({ connection, topic, partitions: PARTITIONS, ...parts });
  let id = 0;
  for (const batch of slices(keys, PUBLISHED_AT_ONCE)) await publisher.publish(batch.map((key) => deleteOf(key, id++)));
  await publisher.close();
}

function deleteOf(key: string, id: number): DeleteInvalidation {
  const common = { key, partitionKey: key, version: 1_790_000_000_000_000 + id, rule: 'product', origin: originOf(id) };
  return { ...common, action: 'delete', versioned: false, againAfterMs: null };
}

async function fill(redis: Redis, keys: readonly string[]): Promise<void> {
  await redis.flushdb();
  for (const batch of slices(keys, KEYS_AT_ONCE)) await redis.mset(batch.flatMap((key) => [key, 'cached']));
}

function unlinkAll(redis: Redis, keys: readonly string[]): Promise<unknown> {
  const pipeline = redis.pipeline();
  for (const some of slices(keys, KEYS_PER_UNLINK)) pipeline.unlink(some);
  return pipeline.exec();
}

/** Ends of the partitions that are not reached yet: what is repeated, by the producer or to the consumer, must not count twice. */
class Ends {
  readonly #ends: Map<number, number>;

  constructor(ends: ReadonlyMap<number, number>) {
    this.#ends = new Map(ends);
  }

  /** True when everything was read. */
  reached(partition: number, lastOffset: number): boolean {
    if (lastOffset + 1 >= (this.#ends.get(partition) ?? Infinity)) this.#ends.delete(partition);
    return this.#ends.size === 0;
  }
}

/** From the first batch on: joining the group takes seconds and is not what is measured. */
async function consume({ connection, topic, ends, records }: Backlog): Promise<Rate> {
  const kafka = new Kafka({ brokers: [...connection.brokers], clientId: 'bench-bare', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 250 });
  const stopwatch = new Stopwatch();
  const left = new Ends(ends);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const rate = await new Promise<Rate>((resolve, reject) => {
    const running = consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: ({ batch }) => {
        stopwatch.start();
        if (left.reached(batch.partition, Number(batch.lastOffset()))) resolve(stopwatch.stop(records));
        return Promise.resolve();
      },
    });
    running.catch(reject);
  });
  await consumer.disconnect();
  return rate;
}

async function apply({ connection, topic, ends, records }: Backlog, redisUrl: string): Promise<Rate> {
  const { worker, close } = openApplySide(redisUrl);
  const subscription = new KafkaSubscription({
    connection,
    topic,
    partitions: PARTITIONS,
    group: `bench-${randomUUID()}`,
    target: 'main',
    trace: { exists: () => Promise.resolve(false), leave: () => Promise.resolve(), close: () => Promise.resolve() },
    clock: systemClock,
    logger: silentLogger,
    metrics: new Metrics(),
  });
  const stopwatch = new Stopwatch();
  const stop = new AbortController();
  const left = new Ends(ends);
  let rate: Rate | undefined;
  await worker.untilAvailable(stop.signal);
  await subscription.run(async (batch, signal) => {
    stopwatch.start();
    const remainder = await worker.handle(batch, signal);
    const [, offset] = batch.items.at(-1)?.place.split('@') ?? [];
    if (left.reached(batch.partition, Number(offset))) {
      rate ??= stopwatch.stop(records);
      stop.abort(new Error('the benchmark is over'));
    }
    return remainder;
  }, stop.signal);
  await close();
  if (rate === undefined) throw new Error('the subscription ended before the last record');
  return rate;
}
