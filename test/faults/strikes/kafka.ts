/** Faults of the brokers, and of what others do to the topic. */
import { delay } from '../wait.ts';
import { PARTITIONS } from '../world/config.ts';
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
        partition: random.int(0, PARTITIONS - 1),
      }));
      await world.topic().produce(records);
    },
  };
}
