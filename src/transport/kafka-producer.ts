import type { PartitionerArgs, RecordMetadata } from 'kafkajs';
import type { OutgoingRecord } from './accumulator.ts';
import { createKafkaClient, type KafkaClientOptions } from './kafka-client.ts';

export type Acknowledgement = Pick<RecordMetadata, 'topicName' | 'partition' | 'errorCode' | 'baseOffset'>;

/** A record as it is sent; without a value it is a tombstone. */
export type ProducedRecord = Omit<OutgoingRecord, 'value'> & { readonly value: Buffer | null };

/** What we use of a kafkajs producer; tests put a fake in its place. */
export interface ProducerClient {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(request: {
    topic: string;
    acks: number;
    timeout: number;
    messages: ProducedRecord[];
  }): Promise<readonly Acknowledgement[]>;
}

/** The answer did not say that our partition has the records. */
export class UnverifiedError extends Error {
  constructor(topic: string, partition: number, answers: readonly Acknowledgement[]) {
    super(`the broker did not confirm partition ${partition} of ${topic}: it answered ${JSON.stringify(answers)}`);
    this.name = 'UnverifiedError';
  }
}

/** How long the leader may wait for its replicas (`acks=all`) before it answers REQUEST_TIMED_OUT. */
const ACKS_TIMEOUT_MS = 10_000;

/** An idempotent producer (KIP-98) that repeats a request once by itself; the loop around it is KafkaSender's. */
export function createProducer(options: Omit<KafkaClientOptions, 'retries'>): ProducerClient {
  return createKafkaClient({ ...options, retries: 1 }).producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: () => partitionOf,
  });
}

/** Each record names its partition; the library's own partitioner would hash with BigInt. */
function partitionOf({ message }: PartitionerArgs): number {
  if (message.partition === undefined) throw new TypeError('a record without partition');
  return message.partition;
}

/**
 * Sends records of one partition with acks=all, and makes sure that they arrived. Two traps of kafkajs 2.2.4: a
 * request over several brokers resolves without the records of a partition whose leader moves meanwhile, and a
 * partition that is not in the client's metadata is left out silently. So: one partition per request, and the answer
 * must name it with an offset, that of the first record.
 */
export async function produce(
  producer: ProducerClient,
  topic: string,
  partition: number,
  records: ProducedRecord[],
): Promise<number> {
  const answers = await producer.send({ topic, acks: -1, timeout: ACKS_TIMEOUT_MS, messages: records });
  const confirmed = answers.find(
    (answer) =>
      answer.topicName === topic &&
      answer.partition === partition &&
      answer.errorCode === 0 &&
      Number(answer.baseOffset ?? -1) >= 0,
  );
  if (confirmed === undefined) throw new UnverifiedError(topic, partition, answers);
  return Number(confirmed.baseOffset);
}
