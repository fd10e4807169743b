/** What may be written about Redis servers: `targets`. Each is one server, a cluster, or a master behind sentinels. */
import { z } from 'zod';
import {
  duration,
  integer,
  nameText,
  note,
  optionalText,
  redisNode,
  redisUrl,
  requiredNodes,
  secret,
  text,
} from './fields.ts';
import { tlsSchema } from './schema-servers.ts';

const clusterSchema = z
  .strictObject({
    nodes: requiredNodes(
      redisNode(6379),
      'Some nodes of the cluster, `host:port` each; the others are learnt from them. Sluice must reach every master under the address that the cluster itself announces: addresses behind NAT are not translated.',
    ),
  })
  .optional()
  .describe('A Redis Cluster, instead of `url`. Login and TLS are those of the target, for every node.');

const sentinelSchema = z
  .strictObject({
    master: text('Name of the master, as the sentinels know it.'),
    nodes: requiredNodes(redisNode(26379), 'The sentinels, `host:port` each; name all of them.'),
    username: optionalText('ACL user of the sentinels.', 'none'),
    password: secret('Password of the sentinels; that of the master is the one of the target.'),
    tls: tlsSchema('the sentinels'),
    database: integer('Database of the master.', 0, { min: 0, max: 65535 }),
  })
  .optional()
  .describe('A master behind sentinels, instead of `url`. Login and TLS of the target are those of the master.');

const targetSchema = z.strictObject({
  name: note(nameText(), 'Name of the target in logs, metrics and consumer groups; unique.', { type: 'name' }),
  url: note(
    redisUrl().optional(),
    'Address of the Redis server: `redis://user:password@host:6379/0`, `rediss://` for TLS. Each target has this, `cluster` or `sentinel`.',
    { type: 'URL', default: 'none' },
  ),
  cluster: clusterSchema,
  sentinel: sentinelSchema,
  username: optionalText('ACL user, instead of in `url`.', 'from `url`'),
  password: secret('Password, instead of in `url`; taken literally.'),
  command_timeout: duration('How long Redis may take to answer before the batch is repeated.', '5s', '10ms'),
  wait_replicas: integer(
    'So many replicas must have a write before it counts as applied (WAIT); fewer in reach, and the batch is repeated. It costs a round trip to the replica for each batch, and protects against one thing more than the repair after a fail-over: that Redis and Sluice fail together.',
    0,
    { min: 0, max: 10 },
  ),
  tls: tlsSchema('this target'),
});

export const targetsSchema = z
  .array(targetSchema, { error: 'give a list of Redis targets, each with name and url' })
  .min(1, 'at least one target is needed')
  .describe(
    'Independent Redis targets; every one gets every invalidation and has its own progress. A target is one server, a cluster, or a master behind sentinels.',
  );
