/** From what was written (checked) to what the program uses: computed defaults, absolute paths, contents of files. */
import { resolve as resolvePath } from 'node:path';
import type {
  CheckpointConfig,
  Config,
  DeadLettersConfig,
  KafkaTransportConfig,
  MysqlAddress,
  RedisAddress,
  SourceConfig,
  TargetAddress,
  TlsConfig,
  TransportConfig,
} from './config.ts';
import type { Start } from '../../model/position.ts';
import type { RedisNode, RedisUrl } from './addresses.ts';
import type { WrittenConfig } from './schema.ts';
import type { Path } from './path.ts';

export interface ResolveContext {
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Contents of the PEM file that the option at this path names. */
  readonly pem: (path: Path) => string | null;
}

type Written<K extends keyof WrittenConfig> = WrittenConfig[K];

export function resolveConfig(written: WrittenConfig, context: ResolveContext): Config {
  const absolute = (path: string) => resolvePath(context.folder, path);
  const transport = resolveTransport(written, context);
  const targets = written.targets.map((target, index) => ({
    name: target.name,
    address: targetAddress(target, ['targets', index], context),
    commandTimeoutMs: target.command_timeout,
    waitReplicas: target.wait_replicas,
  }));
  const source = resolveSource(written.source, context);
  return {
    name: written.name,
    rules: [written.rules].flat().map(absolute),
    reload: written.reload,
    source,
    read: {
      address: mysqlAddress(written.read, ['read'], context) ?? source.address,
      connections: written.read.connections,
      timeoutMs: written.read.timeout,
    },
    targets,
    transport,
    apply: {
      versionTtlMs: written.apply.version_ttl,
      flushKeysPerSecond: written.apply.flush_keys_per_second,
      maxSecondDeletes: written.apply.max_second_deletes,
      retry: { baseMs: written.apply.retry.base, maxMs: written.apply.retry.max },
    },
    lease: { enabled: written.lease.enabled, timeoutMs: Math.ceil(written.lease.timeout / 1000) * 1000 },
    checkpoint: resolveCheckpoint(written, transport, targets[0]?.address, context),
    deadLetters: resolveDeadLetters(written.dead_letters, transport, absolute),
    audit: written.audit === undefined ? null : { path: absolute(written.audit.path) },
    admin: { ...written.admin, token: written.admin.token ?? null },
    log: written.log,
    shutdown: { drainTimeoutMs: written.shutdown.drain_timeout },
  };
}

function resolveSource(source: Written<'source'>, context: ResolveContext): SourceConfig {
  const address = mysqlAddress(source, ['source'], context);
  if (address === null) throw new Error('cross-checks let a source without address pass');
  return {
    address,
    serverId: source.server_id ?? null,
    start: resolveStart(source.start),
    onGap: source.on_gap,
    heartbeatMs: source.heartbeat,
    connectTimeoutMs: source.connect_timeout,
    netWriteTimeoutMs: source.net_write_timeout,
    maxChunkBytes: source.max_chunk_bytes,
    maxXaBytes: source.max_xa_bytes,
  };
}

function resolveStart(start: Written<'source'>['start']): Start {
  if (typeof start === 'string') return { kind: start };
  if ('file' in start) return { kind: 'coordinates', coordinates: { file: start.file, offset: start.offset } };
  // Servers print a GTID set over several lines.
  return { kind: 'gtid_set', gtidSet: start.gtid_set.replaceAll(/\s/g, '') };
}

/** Null if neither URL nor host is given. */
function mysqlAddress(
  section: Written<'source'> | Written<'read'>,
  path: Path,
  context: ResolveContext,
): MysqlAddress | null {
  const { url } = section;
  const host = url?.host ?? section.host;
  if (host === undefined) return null;
  return {
    host,
    port: url?.port ?? section.port ?? 3306,
    user: url?.user ?? section.user ?? '',
    password: url?.password ?? section.password ?? '',
    database: url?.database ?? section.database ?? null,
    tls: tls(section.tls, [...path, 'tls'], context),
  };
}

function redisAddress(
  given: { url: RedisUrl; username?: string | undefined; password?: string | undefined },
  tls: TlsConfig | null,
): RedisAddress {
  const { host, port, database, ...url } = given.url;
  const username = url.username ?? given.username ?? null;
  const password = url.password ?? given.password ?? null;
  return { host, port, username, password, database, tls: tls ?? tlsByScheme(url.tls) };
}

const tlsByScheme = (isTls: boolean): TlsConfig | null =>
  isTls ? { ca: null, cert: null, key: null, verify: true } : null;

type WrittenTarget = WrittenConfig['targets'][number];

function targetAddress(target: WrittenTarget, path: Path, context: ResolveContext): TargetAddress {
  const { url, cluster, sentinel } = target;
  const own = tls(target.tls, [...path, 'tls'], context);
  if (url !== undefined) return redisAddress({ ...target, url }, own);
  const login = { username: target.username ?? null, password: target.password ?? null };
  if (cluster !== undefined) return { cluster: redisNodes(cluster.nodes, { ...login, tls: own }) };
  if (sentinel === undefined) throw new Error('cross-checks let a target without address pass');
  const { master, nodes, database, username = null, password = null } = sentinel;
  const ofSentinels = { username, password, tls: tls(sentinel.tls, [...path, 'sentinel', 'tls'], context) };
  return { sentinels: redisNodes(nodes, ofSentinels), master, of: { ...login, database, tls: own } };
}

/** TLS for one is TLS for all: the addresses that nodes announce of each other have no scheme. */
function redisNodes(
  nodes: readonly RedisNode[],
  shared: Pick<RedisAddress, 'username' | 'password' | 'tls'>,
): RedisAddress[] {
  const tls = shared.tls ?? tlsByScheme(nodes.some((node) => node.tls));
  return nodes.map(({ host, port }) => ({ ...shared, host, port, database: 0, tls }));
}

function tls(section: Written<'source'>['tls'], path: Path, context: ResolveContext): TlsConfig | null {
  if (section === undefined) return null;
  const pem = (name: 'ca' | 'cert' | 'key') => context.pem([...path, name]);
  return { ca: pem('ca'), cert: pem('cert'), key: pem('key'), verify: section.verify };
}

function resolveTransport({ name, transport }: WrittenConfig, context: ResolveContext): TransportConfig {
  const { partitions, max_in_flight_bytes: maxInFlightBytes, max_in_flight_batches: maxInFlightBatches } = transport;
  const shared = { partitions, maxInFlightBytes, maxInFlightBatches };
  if (transport.kind !== 'kafka') return { kind: 'in_process', ...shared };
  const { consumer } = transport;
  return {
    kind: 'kafka',
    ...shared,
    brokers: transport.brokers,
    topic: transport.topic ?? `sluice.${name}`,
    replicationFactor: transport.replication_factor,
    retentionMs: transport.retention,
    group: transport.group ?? `sluice-${name}`,
    clientId: transport.client_id ?? `sluice-${name}`,
    tls: tls(transport.tls, ['transport', 'tls'], context),
    sasl: transport.sasl ?? null,
    consumer: {
      sessionTimeoutMs: consumer.session_timeout,
      commitIntervalMs: consumer.commit_interval,
      maxBatchRecords: consumer.max_batch_records,
    },
  } satisfies KafkaTransportConfig;
}

function resolveCheckpoint(
  { name, checkpoint }: WrittenConfig,
  transport: TransportConfig,
  firstTarget: TargetAddress | undefined,
  context: ResolveContext,
): CheckpointConfig {
  const intervalMs = checkpoint.interval;
  if (checkpoint.store === 'redis') {
    const address =
      checkpoint.url === undefined
        ? firstTarget
        : redisAddress({ url: checkpoint.url }, tls(checkpoint.tls, ['checkpoint', 'tls'], context));
    if (address === undefined || !('host' in address))
      throw new Error('cross-checks let a checkpoint without server pass');
    return { store: 'redis', intervalMs, address, key: checkpoint.key ?? `sluice:checkpoint:${name}` };
  }
  if (checkpoint.store === 'kafka') {
    const topic = transport.kind === 'kafka' ? transport.topic : `sluice.${name}`;
    return { store: 'kafka', intervalMs, topic: checkpoint.topic ?? `${topic}.checkpoints` };
  }
  return { store: 'file', intervalMs, path: resolvePath(context.folder, checkpoint.path ?? 'state/checkpoint.json') };
}

function resolveDeadLetters(
  written: Written<'dead_letters'>,
  transport: TransportConfig,
  absolute: (path: string) => string,
): DeadLettersConfig {
  const limits = { maxStreak: written.max_streak, maxShare: written.max_share };
  if (transport.kind === 'kafka') {
    return { kind: 'kafka', topic: written.topic ?? `${transport.topic}.dead-letters`, limits };
  }
  return { kind: 'file', path: absolute(written.path ?? 'state/dead-letters.jsonl'), limits };
}
