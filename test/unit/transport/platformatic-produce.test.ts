import * as library from '@platformatic/kafka';
import { expect, it } from 'vitest';
import { asMessage, sendBatches } from '../../../src/transport/platformatic-produce.ts';

const TOPIC = 'sluice.test';
const PLACE = `${TOPIC}:5`;
const records = ['a', 'b', 'c'].map((key) => ({ key, value: Buffer.from(`value of ${key}`), partition: 5 }));
const answer = { responses: [], throttleTimeMs: 0 };

interface Sent {
  readonly version: number;
  readonly bytes: Buffer;
}

/** What of a producer and its library is used, with brokers that speak one version; `send` does what the library does for a request. */
function producerOf(version: 8 | 9 | 10 | 11, error: Error | null = null, { asksAgain = false } = {}) {
  const sent: Sent[] = [];
  const sequences = new library.NumericMap();
  const apis = { 8: library.produceV8, 9: library.produceV9, 10: library.produceV10, 11: library.produceV11 };
  const connection = {
    send: (_key: number, as: number, payload: () => library.Writer, ...[parse, , , done]: unknown[]) => {
      expect(parse).toBe(apis[version].parseResponse);
      sent.push({ version: as, bytes: payload().buffer });
      (done as (error: Error | null, answer?: unknown) => void)(error, error === null ? answer : undefined);
    },
  };
  let isKnown = !asksAgain;
  const producer = {
    [library.kGetApi]: (name: string, callback: (error: Error | null, api?: unknown) => void): void => {
      if (isKnown) return callback(null, name === 'Produce' ? apis[version].api : name);
      isKnown = true;
      producer[library.kGetApi](name, callback);
    },
  };
  sendBatches(producer as unknown as library.Producer, library);
  const apiOf = (name: string) => {
    let found: unknown;
    producer[library.kGetApi](name, (_, api) => (found = api));
    return found as (...args: unknown[]) => void;
  };
  const send = (): void => {
    const options = { producerId: 77n, producerEpoch: 2, sequences };
    const counted = (failure: Error | null): void => {
      // As the library does for each message of an answer.
      if (failure === null) sequences.postIncrement(PLACE, 1, 0);
    };
    apiOf('Produce')(connection, -1, 10_000, [asMessage(TOPIC, records)], options, counted);
  };
  return { sent, sequences, send, apiOf };
}

/** What the library itself would have sent. */
function theirs(version: 9 | 10 | 11, sequence: number, timestamp: bigint): Buffer {
  const { createRequest } = { 9: library.produceV9, 10: library.produceV10, 11: library.produceV11 }[version];
  const messages = records.map(({ key, value, partition }) => ({
    topic: TOPIC,
    partition,
    key: Buffer.from(key),
    value,
    headers: new Map<Buffer, Buffer>(),
    timestamp,
  }));
  const sequences = new library.NumericMap([[PLACE, sequence]]);
  const options = { producerId: 77n, producerEpoch: 2, sequences, partitionLeaderEpoch: -1 };
  return createRequest(-1, 10_000, messages, options).buffer;
}

it.each([9, 10, 11] as const)('a request of version %i is what the library would have sent', (version) => {
  const { sent, send, sequences } = producerOf(version);
  sequences.set(PLACE, 40);
  send();
  const [{ bytes } = { bytes: Buffer.alloc(0) }] = sent;
  // The time of the first record stands in the head of the batch, behind the topic, the partition and the length.
  const timestamp = bytes.readBigInt64BE(bytes.indexOf(TOPIC) + TOPIC.length + 1 + 4 + 1 + 27);
  expect(bytes.toString('hex')).toBe(theirs(version, 40, timestamp).toString('hex'));
});

it('counts every record, and begins anew behind the last number there is', () => {
  const { send, sequences } = producerOf(11);
  send();
  expect(sequences.get(PLACE)).toBe(3);
  send();
  expect(sequences.get(PLACE)).toBe(6);
  for (const [before, after] of [
    [2 ** 31 - 4, 2 ** 31 - 1],
    [2 ** 31 - 3, 0],
    [2 ** 31 - 1, 2],
  ] as const) {
    sequences.set(PLACE, before);
    send();
    expect(sequences.get(PLACE)).toBe(after);
  }
});

it('counts nothing of a request that failed: it is repeated under the same numbers', () => {
  const { send, sequences } = producerOf(11, new Error('the leader has moved'));
  sequences.set(PLACE, 9);
  send();
  expect(sequences.get(PLACE)).toBe(9);
});

it('leaves requests of old versions, which are written otherwise, to the library, and counts as well', () => {
  const { sent, send, sequences } = producerOf(8);
  send();
  expect(sent).toMatchObject([{ version: 8 }]);
  expect(sent[0]?.bytes.includes('value of c')).toBe(true);
  expect(sequences.get(PLACE)).toBe(3);
});

it('is made once, also when the library asks itself again because it does not know the versions yet', () => {
  const { apiOf, sent, send, sequences } = producerOf(8, null, { asksAgain: true });
  expect(apiOf('Produce')).toBe(apiOf('Produce'));
  send();
  expect(sent[0]?.bytes.includes('value of c')).toBe(true);
  expect(sequences.get(PLACE)).toBe(3);
});

it('takes no other request for its own', () => {
  expect(producerOf(11).apiOf('Metadata')).toBe('Metadata');
});
