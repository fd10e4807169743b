/**
 * The baselines of capture-to-kafka: a client library that produces records that are already there, as fast as it can with the
 * guarantees of Sluice's publisher: idempotent, acks=all, one request in flight per partition, three producers. Reads the
 * records of one topic, writes them to another, prints records per second. Settings as JSON in the first argument.
 */
import { performance } from 'node:perf_hooks';
import { Producer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';

export interface BareProducerSettings {
  readonly library: 'kafkajs' | '@platformatic/kafka';
  readonly brokers: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  readonly count: number;
}

interface Sent {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly partition: number;
}
type Send = (records: Sent[]) => Promise<unknown>;

const PRODUCERS = 3;
const PER_REQUEST = 1_000;

const settings = JSON.parse(process.argv[2] ?? '{}') as BareProducerSettings;
const { library, to: topic, partitions, count } = settings;
const kafka = new Kafka({ brokers: [...settings.brokers], clientId: 'bare', logLevel: logLevel.NOTHING });

async function recordsByPartition(): Promise<Sent[][]> {
  const lanes: Sent[][] = Array.from({ length: partitions }, () => []);
  const consumer = kafka.consumer({ groupId: `bare-${topic}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: settings.from, fromBeginning: true });
  let read = 0;
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachBatch: ({ batch: { partition, messages } }) => {
        for (const { key, value } of messages) {
          // Copied: else each holds on to the whole answer it came with.
          if (key !== null && value !== null)
            lanes[partition]?.push({ key: Buffer.from(key), value: Buffer.from(value), partition });
          read++;
        }
        if (read >= count) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return lanes;
}

async function kafkajs(): Promise<Send> {
  const producer = kafka.producer({
    idempotent: true,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  await producer.connect();
  return (messages) => producer.send({ topic, acks: -1, messages });
}

async function platformatic(): Promise<Send> {
  const producer = new Producer({ clientId: 'bare', bootstrapBrokers: [...settings.brokers], idempotent: true });
  await producer.initIdempotentProducer({});
  return (records) => producer.send({ messages: records.map((record) => ({ topic, ...record })) });
}

const lanes = await recordsByPartition();
const sends: Send[] = [];
for (let each = 0; each < PRODUCERS; each++) sends.push(await (library === 'kafkajs' ? kafkajs() : platformatic()));
const begunMs = performance.now();
const begunCpu = process.cpuUsage();
await Promise.all(
  lanes.map(async (lane, partition) => {
    const send = sends[partition % PRODUCERS];
    for (let at = 0; at < lane.length; at += PER_REQUEST) await send?.(lane.slice(at, at + PER_REQUEST));
  }),
);
const { user, system } = process.cpuUsage(begunCpu);
const perSecond = count / ((performance.now() - begunMs) / 1_000);
console.log(JSON.stringify({ perSecond, perCpuSecond: count / ((user + system) / 1e6) }));
process.exit();
