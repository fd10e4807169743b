import { Redis } from 'ioredis';
import { startRedisSentinel } from '../../../deploy/local/redis-cluster.ts';
import { startRedis } from '../../../deploy/local/services.ts';
import type { Throwaway } from '../../../deploy/local/throwaway.ts';

export interface RedisWorld {
  readonly nodes: readonly Throwaway[];
  /** Where there is but one. */
  readonly only: Throwaway;
  /** The harness's own way to the keys. */
  readonly client: Redis;
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

export function openRedis(kind: 'one' | 'sentinel'): Promise<RedisWorld> {
  return kind === 'one' ? oneServer() : behindSentinels();
}

async function oneServer(): Promise<RedisWorld> {
  const server = await startRedis({ flags: KEEP_KEYS });
  const client = quiet(new Redis(server.url, ONCE));
  const masterPort = (): Promise<number> => Promise.resolve(server.port);
  return { nodes: [server], only: server, client, target: null, masterPort, close: () => server.remove() };
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
    target: { sentinel: { master: group.master, nodes } },
    masterPort: () => group.masterPort(),
    close: () => group.remove(),
  };
}

function quiet(client: Redis): Redis {
  client.on('error', () => undefined);
  return client;
}
