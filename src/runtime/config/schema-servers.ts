/** What may be written about MySQL servers: `source`, `read`. */
import { z } from 'zod';
import { GAP_POLICIES } from '../../model/gap.ts';
import {
  duration,
  flag,
  integer,
  mysqlUrl,
  note,
  optionalInteger,
  optionalText,
  path,
  requiredInteger,
  secret,
  size,
  text,
} from './fields.ts';

export const tlsSchema = (of: string) =>
  z
    .strictObject({
      ca: path('PEM file of the certificate authorities to trust.', "the system's"),
      cert: path('PEM file of the client certificate.', 'none'),
      key: path('PEM file of the private key of the client certificate.', 'none'),
      verify: flag('Check the certificate of the server. Turn it off only where nobody else is on the network.', true),
    })
    .optional()
    .describe(`TLS to ${of}; the section being there, even empty, turns it on.`);

/** Each part is given once: in the URL, or as an option of its own (a password from a secret, for example). */
const mysqlParts = (whose: string) => ({
  url: note(
    mysqlUrl().optional(),
    `Address of ${whose}: \`mysql://user:password@host:3306/database\`. The parts below may be left out of it and given by themselves; the path is the default database of refresh queries.`,
    { type: 'URL', default: 'none' },
  ),
  host: optionalText('Host name or IP address, instead of in `url`.', 'from `url`'),
  port: optionalInteger('TCP port, instead of in `url`.', { min: 1, max: 65535, default: '3306' }),
  user: optionalText('User, instead of in `url`.', 'from `url`'),
  password: secret('Password, instead of in `url`; taken literally.'),
  database: optionalText('Default database of refresh queries, instead of in `url`.', 'from `url`'),
});

const startSchema = note(
  z
    .union(
      [
        z.enum(['now', 'earliest']),
        z.strictObject({
          file: text('First start: binary log file to begin in, such as `binlog.000012`.'),
          offset: requiredInteger('First start: binlog offset of a transaction start in that file, in bytes.', {
            min: 4,
            max: 4294967295,
          }),
        }),
        z.strictObject({ gtid_set: text('First start: GTID set that counts as already read.', 'GTID set') }),
      ],
      { error: 'use now, earliest, {file: …, offset: …} or {gtid_set: …}' },
    )
    .default('now'),
  'Where the very first start begins; afterwards the checkpoint decides. `now`: the end of the binary log; `earliest`: the oldest transaction the server still has.',
  { type: '`now`, `earliest` or a section', default: 'now' },
);

export const sourceSchema = z
  .strictObject({
    ...mysqlParts('the MySQL server whose binary log is read'),
    server_id: optionalInteger(
      'Replica server id, unique among all replicas of this server: two with the same id throw each other out.',
      { min: 1, max: 4294967295, default: 'derived from `name` and the host' },
    ),
    start: startSchema,
    on_gap: note(
      z.enum(GAP_POLICIES, { error: 'use flush, halt or ignore' }).default('flush'),
      'When changes may have been missed (binary logs purged or reset, another server, the checkpoint lost; for workers: records deleted before they were read, the topic created again). `flush`: remove every key the rules own, then go on from now; `halt`: end with exit code 3 and change nothing; `ignore`: go on from now, keys may stay stale.',
      { type: '`flush`, `halt` or `ignore`', default: 'flush' },
    ),
    heartbeat: duration(
      'How often the server says that it is still there when nothing happens. The link counts as dead after three missed heartbeats.',
      '5s',
      '100ms',
    ),
    connect_timeout: duration('How long a connection attempt may take.', '10s', '100ms'),
    net_write_timeout: duration(
      'How long the server waits for a paused reader before it drops the connection.',
      '10m',
      '1s',
    ),
    max_chunk_bytes: size('Larger transactions are cut into chunks of about this many bytes.', '1MiB', '16KiB'),
    max_xa_bytes: size(
      'Rows of XA transactions that wait for their commit are kept up to this size; beyond it their tables are flushed instead.',
      '16MiB',
      '16KiB',
    ),
    tls: tlsSchema('the source'),
  })
  // Never given, its parts are missing: cross-checks say which.
  .prefault({})
  .describe('The MySQL or MariaDB server whose binary log is read.');

export const readSchema = z
  .strictObject({
    ...mysqlParts('the server that answers refresh queries (default: the source)'),
    connections: integer('Connections for refresh queries.', 4, { min: 1, max: 256 }),
    timeout: duration('How long one refresh query may take.', '10s', '10ms'),
    tls: tlsSchema('this server'),
  })
  .prefault({})
  .describe(
    'Where refresh queries are read. Without `url` and `host` it is the source. With MySQL GTIDs a replica will do: it is waited for until it has the transaction, and where that will never come the key is deleted instead. Without them, and on MariaDB, a replica that is behind would bring back an old value: leave it out.',
  );
