import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PlatformaticProducer } from '../../../src/transport/platformatic-producer.ts';

const TOPIC = 'sluice.test';
const library = vi.hoisted(() => ({ send: vi.fn(), metadata: vi.fn(), kGetApi: Symbol('kGetApi') }));
vi.mock('@platformatic/kafka', () => ({
  kGetBootstrapConnection: Symbol('kGetBootstrapConnection'),
  kGetApi: library.kGetApi,
  Producer: class extends EventEmitter {
    [library.kGetApi] = () => undefined;
    connections = new EventEmitter();
    initIdempotentProducer = () => Promise.resolve();
    close = () => Promise.resolve();
    metadata = library.metadata;
    send = library.send;
  },
}));

const connection = { brokers: ['broker:9092'], clientId: 'test', tls: null, sasl: null };
const connected = async (): Promise<PlatformaticProducer> => {
  const producer = new PlatformaticProducer({ connection });
  await producer.connect();
  return producer;
};
const sendTo = (producer: PlatformaticProducer, partition: number) =>
  producer.send({ topic: TOPIC, records: [{ key: 'a', value: null, partition }] });
const acknowledged = { offsets: [{ topic: TOPIC, partition: 0, offset: 1n }] };

beforeEach(() => {
  vi.useFakeTimers();
  library.metadata.mockResolvedValue({ topics: new Map([[TOPIC, { partitionsCount: 50 }]]), brokers: new Map() });
});
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

it('asks who leads again after a failure, once', async () => {
  const producer = await connected();
  const asked = (): unknown[] =>
    library.metadata.mock.calls.map(([options]) => (options as { forceUpdate: boolean }).forceUpdate);
  library.send.mockResolvedValue(acknowledged);
  await sendTo(producer, 0);
  library.send.mockRejectedValueOnce(new Error('the leader has moved'));
  await expect(sendTo(producer, 0)).rejects.toThrow('the leader has moved');
  expect(asked()).toEqual([false, false]);
  library.metadata.mockRejectedValueOnce(new Error('nobody answers'));
  await expect(sendTo(producer, 0)).rejects.toThrow('nobody answers');
  await sendTo(producer, 0);
  await sendTo(producer, 0);
  expect(asked()).toEqual([false, false, true, true, false]);
});

it('gives a send up that the library forgets, and not one that waits behind others', async () => {
  const producer = await connected();
  // As slow as may be, one after another.
  let end = Promise.resolve();
  library.send.mockImplementation(() => {
    end = end.then(() => new Promise((resolve) => setTimeout(resolve, 14_000)));
    return end.then(() => acknowledged);
  });
  const slow = Promise.all(Array.from({ length: 20 }, (_, partition) => sendTo(producer, partition)));
  await vi.advanceTimersByTimeAsync(20 * 14_000);
  await expect(slow).resolves.toHaveLength(20);
  library.send.mockReturnValue(new Promise(() => undefined));
  const forgotten = expect(sendTo(producer, 0)).rejects.toThrow('did not settle in time');
  await vi.advanceTimersByTimeAsync(60_000);
  await forgotten;
});
