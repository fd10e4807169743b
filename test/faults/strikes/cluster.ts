/** Faults of a Redis Cluster. */
import type { RedisNode, ThrowawayRedisCluster } from '../../../deploy/local/redis-cluster.ts';
import { keySlot, SLOTS } from '../../../src/cache/key-slot.ts';
import type { Random } from '../random.ts';
import { delay, until } from '../wait.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

function clusterOf({ redisWorld }: World): ThrowawayRedisCluster {
  if (redisWorld.cluster === null) throw new Error('no cluster');
  return redisWorld.cluster;
}

/** Slots that hold keys go to another node, one after another, while everybody reads and writes them. */
export function reshard(weight = 1): StrikeKind {
  return {
    name: 'redis reshard',
    weight,
    strike: async (world, random) => {
      const cluster = clusterOf(world);
      const from = random.pick(cluster.nodes);
      const to = random.pick(cluster.nodes.filter((node) => node !== from));
      const slots = sample(await filledSlots(cluster, from), random.int(20, 300), random);
      world.journal.strike('redis reshard', `${slots.length} slots from ${from.port} to ${to.port}`);
      for (const slot of slots) {
        // A node that does not answer holds a move up; what has begun is finished, or the slot would stay open.
        const move = async (): Promise<boolean> => {
          await cluster.moveSlot(slot, from, to);
          return true;
        };
        await until(`moving slot ${slot}`, move, { timeoutMs: 60_000 });
        world.journal.count('slots moved');
      }
    },
  };
}

async function filledSlots(cluster: ThrowawayRedisCluster, node: RedisNode): Promise<number[]> {
  const keys = (await cluster.command(node, 'KEYS', '*')) as string[];
  return [...new Set(keys.map(keySlot))];
}

function sample(from: readonly number[], count: number, random: Random): number[] {
  const rest = [...from];
  return Array.from({ length: Math.min(count, rest.length) }, () =>
    rest.splice(random.int(0, rest.length - 1), 1),
  ).flat();
}

/** Beyond a second the others take it for dead, and the whole cluster refuses. Shorter than a MIGRATE waits: it must not fail halfway. */
export function freezeNode(weight = 1): StrikeKind {
  return {
    name: 'redis node SIGSTOP',
    weight,
    strike: async (world, random) => {
      const node = random.pick(clusterOf(world).nodes);
      world.journal.strike('redis node SIGSTOP', String(node.port));
      await node.kill('SIGSTOP');
      await delay(random.int(100, 2_500));
      await node.kill('SIGCONT');
    },
  };
}

/** Its keys are in its file, and nobody takes its place: until it is back nobody serves its slots. */
export function killNode(weight = 1): StrikeKind {
  return {
    name: 'redis node SIGKILL',
    weight,
    strike: async (world, random) => {
      const node = random.pick(clusterOf(world).nodes);
      world.journal.strike('redis node SIGKILL', String(node.port));
      await node.kill('SIGKILL');
      await delay(random.int(0, 1_500));
      await node.restart();
    },
  };
}

/** All nodes agree that every slot is served, and none is on its way. */
export async function clusterIsWhole(world: World): Promise<void> {
  const cluster = clusterOf(world);
  const whole = async (node: RedisNode): Promise<boolean> => {
    const info = String(await cluster.command(node, 'CLUSTER', 'INFO'));
    const nodes = String(await cluster.command(node, 'CLUSTER', 'NODES'));
    return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`) && !/\[\d+-/.test(nodes);
  };
  for (const node of cluster.nodes) {
    await node.kill('SIGCONT');
    await until(`${node.port} finds the cluster whole`, () => whole(node), { timeoutMs: 30_000 });
  }
}
