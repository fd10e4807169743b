import type { ProtocolRequest } from './kafka-cluster.ts';

const UUID_BYTES = 16;

export interface TopicId {
  /** A number of the protocol, 0 for none. */
  readonly error: number;
  /** Null: the cluster gives topics no ids yet. */
  readonly id: string | null;
}

/**
 * Metadata, version 10: the first that tells the id of a topic, another one whenever it is created anew (KIP-516); kafkajs stops at 6.
 * It is a "flexible" version: lengths are one more than they are, as varints, and
 * every structure ends in tagged fields, the headers too. https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function topicIdOf(topic: string): ProtocolRequest<TopicId> {
  const name = Buffer.from(topic);
  // A name has at most 249 characters.
  const length = name.length + 1;
  const compactLength = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  const flags = Buffer.from([0, 0, 0, 0, 0]); // fields of the topic; create, operations of cluster and topics: no; fields
  return {
    apiKey: 3,
    apiVersion: 10,
    apiName: 'Metadata',
    // The first byte is the end of the header, which kafkajs does not know.
    body: Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(UUID_BYTES), Buffer.from(compactLength), name, flags]),
    read: readTopicId,
  };
}

function readTopicId(answer: Buffer): TopicId {
  const reader = new FlexibleReader(answer);
  reader.fields(); // the header's
  reader.skip(4); // throttled for
  for (let brokers = reader.length(); brokers > 0; brokers--) {
    reader.skip(4); // id
    reader.text(); // host
    reader.skip(4); // port
    reader.text(); // rack
    reader.fields();
  }
  reader.text(); // cluster
  reader.skip(4); // controller
  if (reader.length() !== 1) throw new RangeError('one topic was asked for');
  const error = reader.int16();
  reader.text(); // name
  const id = reader.bytes(UUID_BYTES);
  return { error, id: id.every((byte) => byte === 0) ? null : id.toString('hex') };
}

/** Reading past the end throws. */
class FlexibleReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int16(): number {
    this.skip(2);
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  bytes(count: number): Buffer {
    this.skip(count);
    if (this.#at > this.#buffer.length) throw new RangeError('the answer is too short');
    return this.#buffer.subarray(this.#at - count, this.#at);
  }

  /** Of a list or a text; 0 for null too. A list of so many items is longer than as many bytes, so a made-up length soon throws. */
  length(): number {
    return Math.max(0, this.#varint() - 1);
  }

  text(): void {
    this.skip(this.length());
  }

  fields(): void {
    for (let left = this.#varint(); left > 0; left--) {
      this.#varint(); // tag
      this.skip(this.#varint());
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
}
