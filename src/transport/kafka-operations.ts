import type { ProtocolRequest } from './kafka-cluster.ts';

/** Operations of Kafka's ACLs, with their numbers in the protocol. */
const OPERATIONS = { READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 } as const;
export type KafkaOperation = keyof typeof OPERATIONS;

/** What the user may do with a topic or a group; `error`: a number of the protocol, 0 for none. */
export interface Allowed {
  readonly name: string;
  readonly error: number;
  /** Null: the broker does not say. */
  readonly operations: ReadonlySet<KafkaOperation> | null;
}

/** TOPIC_AUTHORIZATION_FAILED and GROUP_AUTHORIZATION_FAILED: not even DESCRIBE is allowed. */
export const NOT_EVEN_DESCRIBE: readonly number[] = [29, 30];

/**
 * Metadata, version 8: the first that tells what the asking user may do (KIP-430); kafkajs stops at 6. Changes nothing, and
 * creates no topic. https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function topicOperations(topics: readonly string[]): ProtocolRequest<Allowed[]> {
  const flags = Buffer.from([0, 0, 1]); // create missing topics, tell about the cluster, tell about the topics
  return {
    apiKey: 3,
    apiVersion: 8,
    apiName: 'Metadata',
    body: Buffer.concat([texts(topics), flags]),
    read: (answer) => readTopics(new Reader(answer)),
  };
}

/** DescribeGroups, version 3: the same for consumer groups. A group that nobody made yet is described too. */
export function groupOperations(groups: readonly string[]): ProtocolRequest<Allowed[]> {
  return {
    apiKey: 15,
    apiVersion: 3,
    apiName: 'DescribeGroups',
    body: Buffer.concat([texts(groups), Buffer.from([1])]),
    read: (answer) => readGroups(new Reader(answer)),
  };
}

function readTopics(reader: Reader): Allowed[] {
  reader.int32(); // throttled for
  reader.list(() => [reader.int32(), reader.text(), reader.int32(), reader.text()]); // brokers
  reader.text(); // cluster
  reader.int32(); // controller
  return reader.list(() => {
    const error = reader.int16();
    const name = reader.text();
    reader.skip(1); // internal
    reader.list(() => readPartition(reader));
    return { name, error, operations: toOperations(reader.int32()) };
  });
}

function readPartition(reader: Reader): void {
  reader.skip(2 + 4 + 4 + 4); // error, partition, leader, its epoch
  for (const _ of ['replicas', 'in sync', 'offline']) reader.list(() => reader.int32());
}

function readGroups(reader: Reader): Allowed[] {
  reader.int32(); // throttled for
  return reader.list(() => {
    const error = reader.int16();
    const name = reader.text();
    for (const _ of ['state', 'protocol type', 'protocol']) reader.text();
    reader.list(() => [reader.text(), reader.text(), reader.text(), reader.bytes(), reader.bytes()]); // members
    return { name, error, operations: toOperations(reader.int32()) };
  });
}

/** One bit for each; the smallest number of all means that the broker was not asked, or cannot tell. */
function toOperations(bits: number): Allowed['operations'] {
  if (bits === -(2 ** 31)) return null;
  const names = Object.keys(OPERATIONS) as KafkaOperation[];
  return new Set(names.filter((name) => (bits & (1 << OPERATIONS[name])) !== 0));
}

function texts(all: readonly string[]): Buffer {
  const parts = all.map((text) => Buffer.concat([int(Buffer.byteLength(text), 2), Buffer.from(text)]));
  return Buffer.concat([int(all.length, 4), ...parts]);
}

function int(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

/** The protocol's plain types, in order. Reading past the end throws. */
class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** Empty for null, too. */
  text(): string {
    const length = Math.max(0, this.int16());
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  bytes(): void {
    const length = Math.max(0, this.int32());
    this.#at += length;
  }

  list<T>(item: () => T): T[] {
    const length = Math.max(0, this.int32());
    // No item is shorter than a byte: a length that is made up must not become memory.
    if (length > this.#buffer.length - this.#at)
      throw new RangeError(`a list of ${length} items in an answer too short for it`);
    return Array.from({ length }, item);
  }
}
