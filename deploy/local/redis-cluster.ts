/** Redis Clusters and masters behind sentinels for a single test, on ports of their own. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './ports.ts';
import { redisServer, redisUrl } from './redis.ts';
import { startThrowaway, type Throwaway } from './throwaway.ts';

export interface RedisNode extends Throwaway {
  readonly url: string;
}

export interface ThrowawayRedisCluster {
  /** Masters first. */
  readonly nodes: readonly RedisNode[];
  /** Sends a command to a node; the connection is made for it. */
  command(node: RedisNode, ...args: readonly string[]): Promise<unknown>;
  /** Moves a slot with its keys as `redis-cli --cluster reshard` does, key after key. What failed halfway goes on when asked again. */
  moveSlot(slot: number, from: RedisNode, to: RedisNode): Promise<void>;
  remove(): Promise<void>;
}

const SLOTS = 16_384;
const WITHIN_MS = 30_000;

/** Three masters, each with so many replicas; ready when every node knows it. A dead master is given up after a second. */
export async function startRedisCluster(
  options: { replicas?: number; flags?: readonly string[] } = {},
): Promise<ThrowawayRedisCluster> {
  const { replicas = 0, flags = [] } = options;
  const count = 3 * (1 + replicas);
  const own = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--repl-diskless-sync-delay',
    '0',
    ...flags,
  ];
  const nodes = await startAll(Array.from({ length: count }, () => () => startNode(own)));
  const remove = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.remove())));
  try {
    await join(nodes);
    await follow(nodes);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    nodes,
    remove,
    command,
    moveSlot: async (slot, from, to) => {
      const id = await moveSlot(slot, from, to);
      const others = nodes.filter((node) => node !== from && node !== to);
      await Promise.all(others.map((node) => tellOwner(node, slot, id)));
    },
  };
}

/** The bus of a cluster listens 10000 above the port unless it is told where. */
async function startNode(flags: readonly string[]): Promise<RedisNode> {
  const busPort = await freePort();
  const more = ['--cluster-port', String(busPort), ...flags];
  const options = { label: 'a node of a throwaway cluster', flags: more, config: [], progress: () => undefined };
  const started = await startThrowaway(redisServer(options));
  return Object.assign(started, { url: redisUrl(started.port), busPort });
}

async function join(nodes: readonly RedisNode[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  const masters = nodes.slice(0, 3);
  for (const [index, node] of masters.entries()) {
    const [from, to] = [Math.ceil((SLOTS / 3) * index), Math.ceil((SLOTS / 3) * (index + 1)) - 1];
    await command(node, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    await command(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  const { busPort } = first as RedisNode & { busPort: number };
  for (const node of others) {
    await command(node, 'CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(busPort));
  }
  await each(nodes, async (node) => (await lines(node)).length === nodes.length && (await state(node)) === 'ok');
}

async function follow(nodes: readonly RedisNode[]): Promise<void> {
  const masters = nodes.slice(0, 3);
  const replicas = nodes.slice(3);
  for (const [index, replica] of replicas.entries()) {
    const master = masters[index % 3];
    if (master === undefined) continue;
    await command(replica, 'CLUSTER', 'REPLICATE', String(await command(master, 'CLUSTER', 'MYID')));
  }
  await each(replicas, async (node) => String(await command(node, 'INFO', 'replication')).includes('link_status:up'));
  // A replica that nobody has heard of as one is not promoted.
  const know = async (node: RedisNode): Promise<boolean> =>
    (await lines(node)).filter((line) => line.includes('slave')).length === replicas.length;
  await each(nodes, know);
}

async function lines(node: RedisNode): Promise<string[]> {
  return String(await command(node, 'CLUSTER', 'NODES'))
    .trim()
    .split('\n');
}

async function state(node: RedisNode): Promise<string | undefined> {
  return /cluster_state:(\w+)/.exec(String(await command(node, 'CLUSTER', 'INFO')))?.[1];
}

/**
 * The new owner of a slot takes the next epoch after those it has heard of. Were that no greater than the old owner's, old news of that one
 * would win, each would name the other as the owner, and nobody would hold the slot.
 */
async function hearsOf(target: Redis, source: Redis): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  while ((await epochOf(target, 'current')) < (await epochOf(source, 'my'))) {
    if (performance.now() > until) throw new Error(`no news between two nodes in ${WITHIN_MS / 1000} s`);
    await delay(5);
  }
}

async function epochOf(node: Redis, which: 'my' | 'current'): Promise<number> {
  return Number(new RegExp(`cluster_${which}_epoch:(\\d+)`).exec(String(await node.cluster('INFO')))?.[1]);
}

async function moveSlot(slot: number, from: RedisNode, to: RedisNode): Promise<string> {
  const [source, target] = await Promise.all([connect(from), connect(to)]);
  try {
    const [sourceId, targetId] = [String(await source.cluster('MYID')), String(await target.cluster('MYID'))];
    if (await begins(target, slot, sourceId)) {
      await source.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', targetId);
      for (;;) {
        const keys = (await source.callBuffer('CLUSTER', 'GETKEYSINSLOT', String(slot), '10')) as Buffer[];
        if (keys.length === 0) break;
        await migrate(source, to, keys);
      }
      await hearsOf(target, source);
      await target.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', targetId);
    }
    await source.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', targetId);
    return targetId;
  } finally {
    source.disconnect();
    target.disconnect();
  }
}

/**
 * Rumours are too slow when the same slot moves again at once: the next owner may take an epoch that another has already, and lose the
 * slot to somebody's old news. Replicas refuse, and a node that is away hears of it later.
 */
async function tellOwner(node: RedisNode, slot: number, id: string): Promise<void> {
  await command(node, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', id).catch(() => undefined);
}

/** False: it has the slot already, and only the source has not been told. */
async function begins(target: Redis, slot: number, sourceId: string): Promise<boolean> {
  try {
    await target.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', sourceId);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('already the owner')) return false;
    throw error;
  }
}

/**
 * A busy machine may be late with the answer (IOERR): the keys are then on both sides, and the source, which goes on serving
 * them, has the newer ones. Hence REPLACE, and once more.
 */
async function migrate(source: Redis, to: RedisNode, keys: readonly Buffer[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await source.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'REPLACE', 'KEYS', ...keys);
      return;
    } catch (error) {
      if (attempt === 5 || !(error instanceof Error && error.message.startsWith('IOERR'))) throw error;
    }
  }
}

export interface ThrowawayRedisSentinel {
  readonly master: string;
  readonly sentinels: readonly RedisNode[];
  /** The first master, then its replicas. */
  readonly nodes: readonly RedisNode[];
  command(node: RedisNode, ...args: readonly string[]): Promise<unknown>;
  /** The port of whoever a sentinel calls the master now. */
  masterPort(): Promise<number>;
  remove(): Promise<void>;
}

/**
 * A master, its replicas and three sentinels, who give a dead master up after a second. `replicaPort`: where replicas reach the master,
 * for a proxy in between; the sentinels then are told of the replicas by nobody but the master, as always.
 */
export async function startRedisSentinel(
  options: { replicas?: number; flags?: readonly string[] } = {},
): Promise<ThrowawayRedisSentinel> {
  const { replicas = 1, flags = [] } = options;
  const own = ['--repl-diskless-sync-delay', '0', ...flags];
  const plain =
    (more: readonly string[], config: readonly string[] = []) =>
    async (): Promise<RedisNode> => {
      const options = { label: 'a throwaway redis', flags: more, config, progress: () => undefined };
      const started = await startThrowaway(redisServer(options));
      return Object.assign(started, { url: redisUrl(started.port) });
    };
  const [first] = await startAll([plain(own)]);
  if (first === undefined) throw new Error('no master');
  const started: RedisNode[] = [first];
  const remove = async (): Promise<void> => void (await Promise.all(started.map((node) => node.remove())));
  try {
    const followers = await startAll(
      Array.from({ length: replicas }, () => plain([...own, '--replicaof', `127.0.0.1 ${first.port}`])),
    );
    started.push(...followers);
    await each(followers, async (node) =>
      String(await command(node, 'INFO', 'replication')).includes('link_status:up'),
    );
    const watch = [
      `sentinel monitor main 127.0.0.1 ${first.port} 2`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 5000',
    ];
    const sentinels = await startAll(Array.from({ length: 3 }, () => plain(['--sentinel'], watch)));
    started.push(...sentinels);
    await each(sentinels, async (node) => {
      const facts = (await command(node, 'SENTINEL', 'MASTER', 'main')) as string[];
      const fact = (name: string): number => Number(facts[facts.indexOf(name) + 1]);
      return fact('num-slaves') === replicas && fact('num-other-sentinels') === 2;
    });
    const masterPort = async (): Promise<number> => {
      const alive = sentinels[0];
      const place = (await command(alive ?? first, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[];
      return Number(place[1]);
    };
    return { master: 'main', sentinels, nodes: [first, ...followers], command, masterPort, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startAll(starts: readonly (() => Promise<RedisNode>)[]): Promise<RedisNode[]> {
  const settled = await Promise.allSettled(starts.map((start) => start()));
  const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed === undefined) return started;
  await Promise.all(started.map((node) => node.remove()));
  throw failed.reason;
}

/** Until it holds for each of them. */
async function each(nodes: readonly RedisNode[], holds: (node: RedisNode) => Promise<boolean>): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  for (const node of nodes) {
    while (!(await holds(node).catch(() => false))) {
      if (performance.now() > until)
        throw new Error(`the Redis servers did not find together in ${WITHIN_MS / 1000} s`);
      await delay(50);
    }
  }
}

async function connect(node: RedisNode): Promise<Redis> {
  const client = new Redis(node.url, { lazyConnect: true, retryStrategy: () => null, protocol: 2 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function command(node: RedisNode, ...args: readonly string[]): Promise<unknown> {
  const [name = '', ...rest] = args;
  const client = await connect(node);
  try {
    return await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}
