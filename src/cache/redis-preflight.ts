import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type {
  RedisAddress,
  RedisClusterAddress,
  RedisSentinelAddress,
  TargetAddress,
} from '../runtime/config/config.ts';
import type { Problem } from '../runtime/errors.ts';
import { readHolding, readSlotMap, type SlotMap } from './cluster-slots.ts';
import { RedisConnection } from './redis-connection.ts';
import { formatAddress, formatPlace, parsePlace, safeMessage } from './redis-errors.ts';
import { probeCommands } from './redis-probe.ts';
import { tlsProblem } from './redis-tls-problem.ts';
import { SentinelServers } from './sentinel-servers.ts';
import { VersionKeys } from './version-keys.ts';

export interface PreflightTargetOptions {
  /** The name of the target. */
  readonly name: string;
  readonly address: TargetAddress;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
  /** Keys as the rules give them, that nobody has: may they be removed? */
  readonly sampleKeys?: readonly string[];
}

/** UNLINK came with Redis 4. */
const OLDEST_MAJOR = 4;

/**
 * Everything that would keep Sluice from working with this target, at once, each with its remedy. Changes nothing but
 * keys of its own (`sluice:preflight:…`), which it removes and which otherwise expire within a second.
 */
export async function preflightTarget(options: PreflightTargetOptions): Promise<Problem[]> {
  const { name, address } = options;
  const problems = await problemsOf(options);
  const where = `target ${name} (${formatAddress(address)})`;
  return problems.map((problem) => ({ ...problem, message: `${where} ${problem.message}` }));
}

async function problemsOf({ address, ...options }: PreflightTargetOptions): Promise<Problem[]> {
  if ('cluster' in address) return clusterProblems(options, address);
  if ('sentinels' in address) return sentinelProblems(options, address);
  return ask({ ...options, address }, (client) => inspect(client, { ...options, address, clustered: false, tag: '' }));
}

/** Every master is tried; of replicas, which become masters one day, only whether they let us in. */
async function clusterProblems(
  options: Omit<PreflightTargetOptions, 'address'>,
  { cluster }: RedisClusterAddress,
): Promise<Problem[]> {
  const maps: SlotMap[] = [];
  const refused: Problem[] = [];
  for (const seed of cluster) {
    const read = async (client: Redis): Promise<Problem[]> => {
      const forbidden = await forbiddenLook(client, seed);
      if (forbidden.length === 0) maps.push(await readSlotMap(client, seed.host));
      return forbidden;
    };
    refused.push(...named(formatPlace(seed), await ask({ ...options, address: seed }, read)));
    if (maps.length > 0) break;
  }
  const [map] = maps;
  const [shared] = cluster;
  if (map === undefined || shared === undefined) return refused;
  if (map.places.includes(undefined)) {
    const remedy = 'Look at it with `redis-cli --cluster check`; its `CLUSTER INFO` tells what is missing.';
    return [{ message: 'does not hold all slots', remedy, temporary: true }];
  }
  const tags = new VersionKeys();
  const found = await Promise.all(
    [...map.nodes].map(async (place) => {
      const address = { ...shared, ...parsePlace(place) };
      const slot = map.places.indexOf(place);
      const tag = slot === -1 ? '' : `{${tags.numberIn(slot)}}`;
      const check = (client: Redis): Promise<Problem[]> =>
        slot === -1 ? client.ping().then(() => []) : inspect(client, { ...options, address, clustered: true, tag });
      return named(place, await ask({ ...options, address }, check));
    }),
  );
  return found.flat();
}

/** A node of a cluster with the problem: which one is it? */
function named(place: string, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, message: `node ${place} ${problem.message}` }));
}

async function sentinelProblems(
  options: Omit<PreflightTargetOptions, 'address'>,
  target: RedisSentinelAddress,
): Promise<Problem[]> {
  const servers = new SentinelServers({ ...options, address: target }, target);
  try {
    const place = await servers.locate();
    const address = { ...target.of, ...place };
    const check = (client: Redis): Promise<Problem[]> =>
      inspect(client, { ...options, address, clustered: false, tag: '' });
    return named(formatPlace(place), await ask({ ...options, address }, check));
  } catch (error) {
    return [{ ...sentinelProblem(safeMessage(error)), temporary: true }];
  } finally {
    await servers.close();
  }
}

function sentinelProblem(message: string): Problem {
  const remedy = /NOAUTH|WRONGPASS/.test(message)
    ? 'Set `sentinel.password` (and `sentinel.username` for an ACL user): it may be another than that of the master.'
    : 'Do the sentinels run, and is `sentinel.master` the name that stands in their `sentinel monitor`?';
  return { message: `cannot be found: ${message}`, remedy };
}

async function ask(
  options: PreflightTargetOptions & { readonly address: RedisAddress },
  check: (client: Redis) => Promise<Problem[]>,
): Promise<Problem[]> {
  const connection = new RedisConnection({ ...options, clientName: `sluice:preflight:${options.name}` });
  try {
    return await connection.use(check);
  } catch (error) {
    const reason = safeMessage(error);
    return [tlsProblem(reason, options.address) ?? connectionProblem(reason)];
  } finally {
    await connection.close();
  }
}

interface Inspection {
  readonly address: RedisAddress;
  readonly clustered: boolean;
  /** For keys in a slot of this server. */
  readonly tag: string;
  readonly sampleKeys?: readonly string[];
}

async function inspect(client: Redis, { address, clustered, tag, sampleKeys = [] }: Inspection): Promise<Problem[]> {
  const info = await readInfo(client);
  const server = [
    ...serverProblems(info, address, clustered),
    ...(clustered ? await forbiddenLook(client, address) : []),
  ];
  // On a replica every write fails, and on an old server every UNLINK: one cause is enough to read.
  if (server.length > 0) return server;
  return probeCommands(client, {
    key: `sluice:preflight:${tag}${randomUUID()}`,
    user: address.username ?? 'default',
    sampleKeys,
  });
}

/** A node must say what it holds. */
async function forbiddenLook(client: Redis, { username }: RedisAddress): Promise<Problem[]> {
  const reason = await Promise.all([readHolding(client), readSlotMap(client, ''), client.asking()]).then(
    () => '',
    safeMessage,
  );
  if (!reason.startsWith('NOPERM')) return [];
  const user = username ?? 'default';
  return [
    {
      message: `does not let user ${user} see the slots: ${reason}`,
      remedy: `ACL SETUSER ${user} +cluster|slots +cluster|nodes +asking`,
    },
  ];
}

/** `INFO` as a map; empty if the account may not ask, which is not a problem: Sluice never needs it. */
async function readInfo(client: Redis): Promise<ReadonlyMap<string, string>> {
  const text = await client.info().catch((error: unknown) => {
    if (safeMessage(error).startsWith('NOPERM')) return '';
    throw error;
  });
  return new Map(
    text.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

function serverProblems(info: ReadonlyMap<string, string>, address: RedisAddress, clustered: boolean): Problem[] {
  const problems: Problem[] = [];
  const version = info.get('redis_version');
  if (version !== undefined && Number.parseInt(version) < OLDEST_MAJOR) {
    problems.push({
      message: `runs Redis ${version}, which has no UNLINK`,
      remedy: `Use Redis ${OLDEST_MAJOR} or newer.`,
    });
  }
  if (info.get('role') === 'slave') {
    const master = `${info.get('master_host') ?? '?'}:${info.get('master_port') ?? '?'}`;
    problems.push({
      message: `is a replica of ${master} and takes no writes`,
      remedy: 'Name the master as the target; its replicas follow it.',
      // A fail-over may just be under way.
      temporary: true,
    });
  }
  if (info.get('cluster_enabled') === '1' && !clustered) {
    problems.push({
      message: 'is a node of a Redis Cluster, and `url` means a single server',
      remedy: `Write \`cluster: { nodes: ['${formatPlace(address)}'] }\` instead of \`url\`.`,
    });
  }
  return problems;
}

function connectionProblem(reason: string): Problem {
  if (/cluster support disabled/i.test(reason)) {
    return { message: 'is not part of a Redis Cluster', remedy: 'Name a single server as `url` instead of `cluster`.' };
  }
  if (/WRONGPASS|invalid password|invalid username-password/i.test(reason)) {
    return { message: 'refuses the password', remedy: 'Check `username` and `password` of the target.' };
  }
  if (reason.startsWith('NOAUTH')) {
    return { message: 'asks for a password', remedy: 'Set `password` (and `username` for an ACL user) of the target.' };
  }
  if (/DB index|SELECT/i.test(reason)) {
    return {
      message: `does not have this database: ${reason}`,
      remedy: 'Correct the number at the end of the URL, or raise `databases` in the configuration of the server.',
    };
  }
  if (/RESP type|Protocol error/i.test(reason)) {
    return {
      message: `answers, but not as Redis does: ${reason.replace(' Please report this.', '')}`,
      remedy: 'Check host and port: another kind of server listens there, or one that expects TLS (`rediss://`).',
    };
  }
  if (/EPIPE|ECONNRESET|Connection is closed|isn't writeable/.test(reason)) {
    return {
      message: `does not answer: ${reason}`,
      remedy:
        'Something listens there and hangs up: is it Redis, and does it expect TLS (`rediss://`, `tls`)? A proxy does so too while its Redis is down.',
      temporary: true,
    };
  }
  return {
    message: `does not answer: ${reason}`,
    remedy: 'Is the server running, and are host, port and TLS right? Can this machine reach it?',
    temporary: true,
  };
}
