/** Real servers for tests, the demo and the bench: the public module of this folder. */
import type { Certificates } from './certificates.ts';
import { debianProgram } from './debian.ts';
import { kafkaServer } from './kafka.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { newClusterId } from './kafka-node.ts';
import { sqlServer, sqlUrl, type Flavour } from './mysql.ts';
import type { Progress } from './names.ts';
import { freePort } from './ports.ts';
import { redisServer, redisUrl } from './redis.ts';
import { startThrowaway, type Throwaway } from './throwaway.ts';

export { makeCertificates, type Certificates } from './certificates.ts';
export { replicaAccount, testAccount } from './mysql-accounts.ts';
export { ensureServices, readAddresses, stopServices } from './shared.ts';
export { ServiceUnavailable, SERVICE_NAMES } from './names.ts';
export type * from './names.ts';
export type { Throwaway } from './throwaway.ts';

const silent: Progress = () => undefined;

export interface ThrowawayMysql extends Throwaway {
  readonly url: string;
  readonly host: string;
}

/** With `certificates` it demands TLS. `flags` win over the usual ones (GTID on, full row images and metadata): `['--gtid-mode=OFF']`. */
export async function startMysql(
  options: {
    flags?: readonly string[];
    flavour?: Flavour;
    dataDir?: string;
    port?: number;
    certificates?: Certificates;
    onProgress?: Progress;
  } = {},
): Promise<ThrowawayMysql> {
  const { flags = [], flavour = 'mysql', dataDir, port, certificates, onProgress: progress = silent } = options;
  const more = { ...(dataDir !== undefined && { dataDir }), ...(certificates && { certificates }) };
  const server = sqlServer({ label: `a throwaway ${flavour}`, flavour, flags, progress, ...more });
  const started = await startThrowaway(server, port);
  return withFields(started, { url: sqlUrl(started.port), host: '127.0.0.1' });
}

export interface ThrowawayRedis extends Throwaway {
  readonly url: string;
  readonly host: string;
}

/**
 * `flags` are for the command line; `config` are lines for the configuration file (`sentinel monitor …`). With
 * `certificates` its only port speaks TLS.
 */
export async function startRedis(
  options: {
    flags?: readonly string[];
    config?: readonly string[];
    port?: number;
    certificates?: Certificates;
    onProgress?: Progress;
  } = {},
): Promise<ThrowawayRedis> {
  const { flags = [], config = [], port, certificates, onProgress: progress = silent } = options;
  const more = certificates ? { certificates } : {};
  const server = redisServer({ label: 'a throwaway redis', flags, config, progress, ...more });
  const started = await startThrowaway(server, port);
  return withFields(started, { url: redisUrl(started.port), host: '127.0.0.1' });
}

export interface ThrowawayKafka extends Throwaway {
  readonly brokers: string[];
  /** The same node by a listener that asks for neither TLS nor login and allows everything; else as `brokers`. */
  readonly openBrokers: string[];
}

/** With `security` its clients need TLS, and a right for whatever they do. */
export async function startKafka(
  options: {
    properties?: Readonly<Record<string, string>>;
    security?: KafkaSecurity;
    onProgress?: Progress;
  } = {},
): Promise<ThrowawayKafka> {
  const { properties = {}, security, onProgress: progress = silent } = options;
  const more = security ? { security } : {};
  const server = kafkaServer({ label: 'a throwaway kafka', properties, progress, ...more });
  const started = await startThrowaway(server);
  const brokers = [`127.0.0.1:${started.port}`];
  const openBrokers = security ? [`127.0.0.1:${started.ports.at(-1) ?? 0}`] : brokers;
  return withFields(started, { brokers, openBrokers });
}

export interface ThrowawayKafkaCluster {
  readonly brokers: string[];
  /** In the order of the node ids, which count from 1: `kill('SIGKILL')` and `restart()` each by itself. */
  readonly nodes: readonly Throwaway[];
  remove(): Promise<void>;
}

/**
 * Three brokers, replication factor 3, min.insync.replicas 2. `restart` resolves when the cluster has taken the broker in,
 * for which two of the three must run: bring several back with `Promise.all`.
 */
export async function startKafkaCluster(
  options: { properties?: Readonly<Record<string, string>>; onProgress?: Progress } = {},
): Promise<ThrowawayKafkaCluster> {
  const { properties = {}, onProgress: progress = silent } = options;
  const controllerPorts = await Promise.all([freePort(), freePort(), freePort()]);
  const clusterId = newClusterId();
  const starts = controllerPorts.map((_, index) => {
    const member = { id: index + 1, controllerPorts, clusterId };
    return startThrowaway(kafkaServer({ label: `kafka broker ${member.id} of 3`, properties, member, progress }));
  });
  const nodes = await allOrNone(starts);
  return {
    nodes,
    brokers: nodes.map(({ port }) => `127.0.0.1:${port}`),
    remove: async () => void (await Promise.all(nodes.map((node) => node.remove()))),
  };
}

/** When one does not start, the others are of no use to anybody. */
async function allOrNone(starts: readonly Promise<Throwaway>[]): Promise<Throwaway[]> {
  try {
    return await Promise.all(starts);
  } catch (error) {
    const started = await Promise.allSettled(starts);
    await Promise.all(started.map(async (each) => each.status === 'fulfilled' && each.value.remove()));
    throw error;
  }
}

/** The command that runs kcat; append its arguments. */
export async function kcatCommand(onProgress: Progress = silent): Promise<string[]> {
  const program = await debianProgram({ name: 'kcat', packages: ['kcat'] }, onProgress);
  return program.command('usr/bin/kcat');
}

/** Not a spread: that would copy the value of the getter `pid`, which changes with every start. */
function withFields<Fields extends object>(started: Throwaway, fields: Fields): Throwaway & Fields {
  return Object.assign(started, fields);
}
