/** Faults of the brokers, and of what others do to the topic. */
import type { Random } from '../random.ts';
import { delay, until } from '../wait.ts';
import type { DaemonSlot } from '../world/daemon-slot.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

export function restartBroker(weight = 1): StrikeKind {
  return {
    name: 'kafka restart',
    weight,
    strike: async ({ journal, kafka }, random) => {
      journal.strike('kafka restart');
      await random.pick(kafka?.servers ?? []).restart();
    },
  };
}

export function killBroker(weight = 1): StrikeKind {
  return {
    name: 'kafka SIGKILL',
    weight,
    strike: async ({ journal, kafka }, random) => {
      const broker = random.pick(kafka?.servers ?? []);
      journal.strike('kafka SIGKILL', String(broker.port));
      await broker.kill('SIGKILL');
      await delay(random.int(0, 2_000));
      await broker.restart();
    },
  };
}

/** The one that leads most partitions, so that all its leaders move. */
export function killLeader(weight = 1): StrikeKind {
  return {
    name: 'kafka SIGKILL leader',
    weight,
    strike: async (world, random) => {
      const port = await world.leaderPort();
      const broker = world.kafka?.servers.find((server) => server.port === port);
      if (broker === undefined) return;
      world.journal.strike('kafka SIGKILL leader', String(port));
      await broker.kill('SIGKILL');
      await delay(random.int(500, 4_000));
      await broker.restart();
    },
  };
}

/**
 * It keeps its connections and takes new ones, and never answers: up to two time-outs of the clients, so that the others have taken over
 * long before it wakes up and believes that it still leads.
 */
export function freezeBroker(weight = 1): StrikeKind {
  return {
    name: 'kafka SIGSTOP',
    weight,
    strike: async ({ journal, kafka }, random) => {
      const broker = random.pick(kafka?.servers ?? []);
      journal.strike('kafka SIGSTOP', String(broker.port));
      await broker.kill('SIGSTOP');
      try {
        await delay(random.int(500, 35_000));
      } finally {
        await broker.kill('SIGCONT');
      }
    },
  };
}

/** Workers come and go: the partitions move each time. */
export function rebalanceStorm(weight = 1): StrikeKind {
  return {
    name: 'kafka rebalance storm',
    weight,
    strike: async (world, random) => {
      world.journal.strike('kafka rebalance storm');
      const guests = Array.from({ length: random.int(1, 2) }, (_, index) => world.addDaemon(`guest-${index}`, 'apply'));
      for (const guest of guests) {
        guest.start();
        await delay(random.int(0, 1_500));
      }
      await delay(random.int(500, 3_000));
      for (const guest of guests) await guest.end(random.pick(['SIGKILL', 'SIGTERM']));
      for (const guest of guests) world.slots.splice(world.slots.indexOf(guest), 1);
    },
  };
}

const POISON = [
  '',
  '{',
  '[]',
  'null',
  '{"v":1}',
  '{"v":99,"key":"x"}',
  '\u0000\u0001\u0002',
  '{"v":1,"key":"app:item:1","action":"explode","version":1}',
];

export function poison(weight = 1): StrikeKind {
  return {
    name: 'kafka poison',
    weight,
    strike: async (world, random) => {
      world.journal.strike('kafka poison');
      const records = Array.from({ length: random.int(1, 4) }, () => ({
        key: 'poison',
        value: random.pick(POISON),
        partition: random.int(0, world.partitions - 1),
      }));
      await world.topic().produce(records);
    },
  };
}

/** None, one or all of the workers. */
function someWorkers(world: World, random: Random): readonly DaemonSlot[] {
  const workers = world.slots.filter(({ name }) => name.startsWith('apply'));
  if (random.chance(0.5)) return [];
  return random.chance(0.5) ? workers : [random.pick(workers)];
}

/** Kafka deletes the records with it, and what the groups have committed. Whoever starts meanwhile may be the first to create it. */
export function recreateTopic(weight = 1): StrikeKind {
  return {
    name: 'kafka topic re-created',
    weight,
    strike: async (world, random) => {
      const topic = world.topic();
      const ended = someWorkers(world, random);
      const signal = random.pick(['SIGKILL', 'SIGTERM'] as const);
      await Promise.all(ended.map((slot) => slot.end(signal)));
      world.journal.strike('kafka topic re-created', ended.map(({ name }) => name).join(' '));
      world.topicChanged = true;
      // Records that no worker reads.
      if (ended.length > 0) await delay(random.int(0, 1_000));
      try {
        await topic.remove();
        await until('the end of the topic', async () => !(await topic.exists()), { timeoutMs: 10_000 });
        await delay(random.int(0, 3_000));
      } finally {
        const created = () => topic.create({ partitions: world.partitions, retentionMs: -1 }).then(() => true);
        await until('the new topic', created, { timeoutMs: 20_000 });
        for (const slot of ended) slot.start();
      }
    },
  };
}

/** As an operator does it: the topic first, then the configuration, then all daemons again. */
export function addPartition(weight = 1): StrikeKind {
  return {
    name: 'kafka partitions added',
    weight,
    strike: async (world, random) => {
      const partitions = world.partitions + 1;
      world.journal.strike('kafka partitions added', String(partitions));
      await world.topic().grow({ partitions });
      world.topicChanged = true;
      world.partitions = partitions;
      // Capture goes on with the old number.
      await delay(random.int(0, 2_000));
      world.writeFiles();
      const signal = random.pick(['SIGKILL', 'SIGTERM'] as const);
      for (const slot of world.slots) await slot.bounce(signal);
    },
  };
}
