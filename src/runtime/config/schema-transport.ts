/** What may be written about the way from capture to apply, and about its progress: `transport`, `checkpoint`. */
import { z } from 'zod';
import { duration, integer, kafkaName, note, optionalText, path, redisUrl, size, text } from './fields.ts';
import { tlsSchema } from './schema-servers.ts';

const inFlight = {
  max_in_flight_bytes: size(
    'The bound of memory: bytes of row events read but not acknowledged, and about 500 bytes for each invalidation they became. One batch is always let in.',
    '64MiB',
    '1MiB',
  ),
  max_in_flight_batches: integer('Change batches read but not acknowledged, at most.', 10_000, {
    min: 1,
    max: 1_000_000,
  }),
};

const KIND =
  'Which transport: `in_process` (one process, `sluice run`) or `kafka` (`sluice capture` and `sluice apply`).';

const inProcessSchema = z.strictObject({
  kind: note(z.literal('in_process').optional(), KIND, { type: '`in_process` or `kafka`', default: 'in_process' }),
  partitions: integer('Partitions of the queue in memory: how many batches are applied side by side.', 8, {
    min: 1,
    max: 1024,
  }),
  ...inFlight,
});

const BROKER_HINT = 'use host:port, the port from 1 to 65535';
const broker = z
  .string({ error: BROKER_HINT })
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/@]+):\d{1,5}$/, { error: BROKER_HINT, abort: true })
  .refine((text) => isPort(Number(text.slice(text.lastIndexOf(':') + 1))), BROKER_HINT);
const isPort = (port: number): boolean => port >= 1 && port <= 65535;

const brokersSchema = z
  .array(broker, {
    error: 'give a list of brokers, each host:port',
  })
  .min(1, 'at least one broker is needed');

const saslSchema = z
  .strictObject({
    mechanism: note(
      z.enum(['plain', 'scram-sha-256', 'scram-sha-512'], { error: 'use plain, scram-sha-256 or scram-sha-512' }),
      'SASL mechanism.',
      { type: '`plain`, `scram-sha-256` or `scram-sha-512`' },
    ),
    username: text('SASL user.'),
    password: note(z.string({ error: 'use text' }), 'SASL password.', { type: 'text, secret' }),
  })
  .optional()
  .describe('Login to Kafka; `plain` sends the password as it is, so use it with TLS only.');

const kafkaSchema = z.strictObject({
  kind: note(z.literal('kafka'), KIND, { type: '`in_process` or `kafka`', default: 'in_process' }),
  brokers: note(brokersSchema, 'Brokers to begin with, `host:port` each.', { type: 'list' }),
  topic: kafkaName('Topic of the invalidations.', '`sluice.<name>`'),
  partitions: integer(
    'Partitions of the topic. They are created, or checked if the topic exists; more of them later change which partition a key goes to.',
    12,
    { min: 1, max: 10_000 },
  ),
  replication_factor: integer('Copies of each partition when Sluice creates a topic.', 3, { min: 1, max: 32 }),
  retention: duration('How long Kafka keeps invalidations. `apply.version_ttl` must be longer.', '7d', '1m'),
  group: kafkaName('Prefix of the consumer groups: one per target, `<group>.<target>`.', '`sluice-<name>`'),
  client_id: kafkaName('Client id, as the broker logs and quotas see it.', '`sluice-<name>`'),
  tls: tlsSchema('the brokers'),
  sasl: saslSchema,
  ...inFlight,
  consumer: z
    .strictObject({
      session_timeout: duration('After this silence Kafka gives the partitions of a worker to others.', '30s', '6s'),
      commit_interval: duration('How often finished Kafka offsets are committed.', '1s', '10ms'),
      max_batch_records: integer('Records handed to the worker at once, at most.', 2000, { min: 1, max: 100_000 }),
    })
    .prefault({})
    .describe('How invalidations are read from Kafka.'),
});

export const transportSchema = z
  .discriminatedUnion('kind', [inProcessSchema, kafkaSchema], { error: 'use kind: in_process or kind: kafka' })
  .prefault({})
  .describe('The way of an invalidation from capture to apply.');

const interval = duration('How often a moved watermark is saved, at most.', '1s', '10ms');
const STORE = 'Where the checkpoint is kept: `file`, `redis`, or `kafka` (only with the Kafka transport).';
const storeNote = { type: '`file`, `redis` or `kafka`', default: 'file' };

export const checkpointSchema = z
  .discriminatedUnion(
    'store',
    [
      z.strictObject({
        store: note(z.literal('file').optional(), STORE, storeNote),
        path: path('File of the checkpoint.', 'state/checkpoint.json'),
        interval,
      }),
      z.strictObject({
        store: note(z.literal('redis'), STORE, storeNote),
        url: note(redisUrl().optional(), 'Redis server that keeps the checkpoint.', {
          type: 'URL',
          default: 'the first target',
        }),
        key: optionalText('Redis key of the checkpoint.', '`sluice:checkpoint:<name>`'),
        tls: tlsSchema('the server in `url`'),
        interval,
      }),
      z.strictObject({
        store: note(z.literal('kafka'), STORE, storeNote),
        topic: kafkaName('Compacted topic of the checkpoint.', '`<transport.topic>.checkpoints`'),
        interval,
      }),
    ],
    { error: 'use store: file, store: redis or store: kafka' },
  )
  .prefault({})
  .describe('How far the binary log has been applied: where a restart continues.');
