import type {
  API,
  Callback,
  Connection,
  CreateRecordsBatchOptions,
  MessageRecord,
  Producer,
} from '@platformatic/kafka';
import type * as library from '@platformatic/kafka';
import { systemClock } from '../runtime/clock.ts';
import type { ProducedRecord } from './kafka-producer.ts';
import { encodeRecordBatch } from './record-batch.ts';

type Library = typeof library;
type Options = Partial<CreateRecordsBatchOptions>;
type Answer = ReturnType<Library['produceV11']['parseResponse']>;
type ProduceApi = API<[acks?: number, timeout?: number, messages?: MessageRecord[], options?: Options], Answer>;

/** Numbers of records begin anew at 0 behind 2³¹ - 1 (KIP-98). */
const SEQUENCES = 2 ** 31;

/** All records of a request as the one message that the library takes them for: it hands its value on untouched. */
export function asMessage(topic: string, records: readonly ProducedRecord[]): MessageRecord {
  return { topic, partition: records[0]?.partition ?? 0, value: records as unknown as Buffer };
}

/**
 * Lets a producer of @platformatic/kafka 1.35 send what `asMessage` made: the library makes two maps, two lists and a dozen buffers for
 * each record, and half of all that a capture did was to collect them. It still says which broker, which version, which producer id and which
 * sequence number; of the request only the batch of records is ours (docs/adr/0032).
 */
export function sendBatches(producer: Producer, library: Library): void {
  const apiOf = producer[library.kGetApi].bind(producer) as (name: string, callback: Callback<ProduceApi>) => void;
  /** Made once: a request is sent for every batch. And when the library asks itself again, what it finds is ours already. */
  let known: { readonly theirs: ProduceApi; readonly ours: ProduceApi } | null = null;
  const oursFor = (api: ProduceApi): ProduceApi => {
    if (api !== known?.theirs && api !== known?.ours) known = { theirs: api, ours: batchedApi(api, library) };
    return known.ours;
  };
  const ours = (name: string, callback: Callback<ProduceApi>): void => {
    apiOf(name, (error, api) => {
      callback(error, error === null && api !== undefined && name === 'Produce' ? oursFor(api) : api);
    });
  };
  producer[library.kGetApi] = ours as unknown as Producer[Library['kGetApi']];
}

function batchedApi(api: ProduceApi, library: Library): ProduceApi {
  const parse = parserOf(api.version, library);
  const send = (
    connection: Connection,
    acks: number,
    timeout: number,
    [message]: readonly MessageRecord[],
    options: Options,
    callback: Callback<Answer>,
  ): void => {
    if (message === undefined) throw new TypeError('a request without a message');
    const { topic, partition = 0 } = message;
    const records = message.value as unknown as readonly ProducedRecord[];
    const count = (error: Error | null, answer?: Answer): void => {
      if (error === null && answer !== undefined) countSequence(options, topic, partition, records.length);
      callback(error, answer);
    };
    if (parse === null) {
      api(connection, acks, timeout, messagesOf(topic, records), options, count);
      return;
    }
    const payload = (): InstanceType<Library['Writer']> => {
      const { producerId = -1n, producerEpoch = -1 } = options;
      const firstSequence = sequenceOf(options, topic, partition);
      const writer = { producerId, producerEpoch, firstSequence };
      const batch = encodeRecordBatch(records, writer, systemClock.now(), library.crc32c);
      return library.Writer.create()
        .appendString(options.transactionalId)
        .appendInt16(acks)
        .appendInt32(timeout)
        .appendArray([topic], (each) => {
          each.appendString(topic).appendArray([partition], (w) => {
            w.appendInt32(partition)
              .appendUnsignedVarInt(batch.length + 1)
              .append(batch);
          });
        })
        .appendTaggedFields();
    };
    connection.send(api.key, api.version, payload, parse, true, true, count);
  };
  return Object.assign(send, { async: api.async, key: api.key, version: api.version }) as unknown as ProduceApi;
}

/** Requests of these versions are written alike; older ones (brokers before Kafka 2.4) the library writes by itself. */
function parserOf(version: number, { produceV9, produceV10, produceV11 }: Library) {
  const parsers = new Map([
    [9, produceV9.parseResponse],
    [10, produceV10.parseResponse],
    [11, produceV11.parseResponse],
  ]);
  return parsers.get(version) ?? null;
}

function messagesOf(topic: string, records: readonly ProducedRecord[]): MessageRecord[] {
  return records.map(({ key, value, partition }) => ({
    topic,
    partition,
    key: Buffer.from(key),
    // A tombstone has none, though the type says so.
    value: value as Buffer,
    headers: new Map(),
  }));
}

const placeOf = (topic: string, partition: number): string => `${topic}:${partition}`;

function sequenceOf({ sequences }: Options, topic: string, partition: number): number {
  return sequences?.get(placeOf(topic, partition)) ?? 0;
}

/** The library itself counts one message behind this, if the answer names its partition; if not, the producer is not used any more. */
function countSequence(options: Options, topic: string, partition: number, records: number): void {
  const next = (sequenceOf(options, topic, partition) + records) % SEQUENCES;
  options.sequences?.set(placeOf(topic, partition), next - 1);
}
