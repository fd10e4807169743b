import { Cluster, Redis } from 'ioredis';
import {
  startRedisCluster,
  startRedisSentinel,
  type ThrowawayRedisCluster,
} from '../../../deploy/local/redis-cluster.ts';
import { startRedis } from '../../../deploy/local/services.ts';
import type { Throwaway } from '../../../deploy/local/throwaway.ts';

export interface RedisWorld {
  readonly nodes: readonly Throwaway[];
  /** Where there is but one. */
  readonly only: Throwaway;
  /** The harness's own way to the keys. */
  readonly client: Redis | Cluster;
  /** Ways to each server that holds keys: whoever wants to see all of them has to ask each. */
  readonly holders: readonly Redis[];
  readonly cluster: ThrowawayRedisCluster | null;
  /** How the daemon is told of it; null: by the link. */
  readonly target: Readonly<Record<string, unknown>> | null;
  /** The port of the master, as the sentinels know it. */
  masterPort(): Promise<number>;
  close(): Promise<void>;
}

/** Keys survive a crash of Redis: else a fault would take away what it should have made stale. */
const KEEP_KEYS = ['--appendonly', 'yes', '--appendfsync', 'no'];

/** A command is sent once or fails: one that is sent again after a crash would be a fill that comes late. */
const ONCE = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => 50,
  sentinelRetryStrategy: () => 50,
};

export type RedisKind = 'one' | 'sentinel' | 'cluster';

export function openRedis(kind: RedisKind): Promise<RedisWorld> {
  return { one: oneServer, sentinel: behindSentinels, cluster: ofNodes }[kind]();
}

async function oneServer(): Promise<RedisWorld> {
  const server = await startRedis({ flags: KEEP_KEYS });
  const client = quiet(new Redis(server.url, ONCE));
  const masterPort = (): Promise<number> => Promise.resolve(server.port);
  return {
    nodes: [server],
    only: server,
    client,
    holders: [client],
    cluster: null,
    target: null,
    masterPort,
    close: () => server.remove(),
  };
}

/** Faults here are those of the master, not of the network: the daemon goes around the link. */
async function behindSentinels(): Promise<RedisWorld> {
  const group = await startRedisSentinel({ flags: KEEP_KEYS });
  const sentinels = group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const client = quiet(new Redis({ ...ONCE, sentinels, name: group.master }));
  const nodes = sentinels.map(({ host, port }) => `${host}:${port}`);
  const [first] = group.nodes;
  if (first === undefined) throw new Error('no master');
  return {
    nodes: group.nodes,
    only: first,
    client,
    holders: [client],
    cluster: null,
    target: { sentinel: { master: group.master, nodes } },
    masterPort: () => group.masterPort(),
    close: () => group.remove(),
  };
}

/** Three masters, no replicas: whatever is asked of one that is away has to wait. The daemon goes around the link here too. */
async function ofNodes(): Promise<RedisWorld> {
  const cluster = await startRedisCluster({ flags: KEEP_KEYS });
  const places = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const holders = cluster.nodes.map(({ url }) => quiet(new Redis(url, ONCE)));
  // Sent again only where a node has refused it, and while its caller waits.
  const client = quiet(
    new Cluster(places, {
      enableOfflineQueue: false,
      lazyConnect: true,
      clusterRetryStrategy: () => 50,
      slotsRefreshInterval: 1_000,
      redisOptions: ONCE,
    }),
  );
  await client.connect();
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error('no nodes');
  return {
    nodes: cluster.nodes,
    only: first,
    client,
    holders,
    cluster,
    target: { cluster: { nodes: places.map(({ host, port }) => `${host}:${port}`) } },
    masterPort: () => Promise.resolve(first.port),
    close: async () => {
      for (const holder of holders) holder.disconnect();
      await cluster.remove();
    },
  };
}

function quiet<Client extends Redis | Cluster>(client: Client): Client {
  client.on('error', () => undefined);
  return client;
}
