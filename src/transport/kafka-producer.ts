import type { OutgoingRecord } from './accumulator.ts';

/** What the broker says about one partition. */
export interface Acknowledgement {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Kafka offset of the first record. */
  readonly baseOffset?: string | undefined;
}

/** A record as it is sent; without a value it is a tombstone. */
export type ProducedRecord = Omit<OutgoingRecord, 'value'> & { readonly value: Buffer | null };

export interface ProduceRequest {
  readonly topic: string;
  /** All of one partition. */
  readonly records: readonly ProducedRecord[];
}

/**
 * An idempotent producer (KIP-98) of one of the client libraries: a request that is repeated on it is written once. It
 * repeats nothing for ever; the loop around it is KafkaSender's. Tests put a fake in its place.
 */
export interface ProducerClient {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** With acks=all. Called for several partitions at the same time, never twice at once for one. */
  send(request: ProduceRequest): Promise<readonly Acknowledgement[]>;
}

/** How long the leader may wait for its replicas (`acks=all`) before it answers REQUEST_TIMED_OUT. */
export const ACKS_TIMEOUT_MS = 10_000;

/** The answer did not say that our partition has the records. */
export class UnverifiedError extends Error {
  constructor(topic: string, partition: number, answers: readonly Acknowledgement[]) {
    super(`the broker did not confirm partition ${partition} of ${topic}: it answered ${JSON.stringify(answers)}`);
    this.name = 'UnverifiedError';
  }
}

/**
 * Sends records of one partition, and makes sure that they arrived. Both libraries can answer without them: kafkajs 2.2.4
 * resolves a request over several brokers without the records of a partition whose leader moves meanwhile, and leaves one
 * that is not in its metadata out; @platformatic/kafka 1.35 takes the partition modulo the number it knows. So: one
 * partition per request, and the answer must name it with an offset, that of the first record.
 */
export async function produce(
  producer: ProducerClient,
  topic: string,
  partition: number,
  records: readonly ProducedRecord[],
): Promise<number> {
  const answers = await producer.send({ topic, records });
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
