/** Ends and stops of the daemons themselves. */
import { delay } from '../wait.ts';
import type { StrikeKind } from './strike.ts';

/** Names of daemons begin with it: `run`, `capture`, `apply`; '' is any. */
export function kill(which: string, weight = 1): StrikeKind {
  return {
    name: 'SIGKILL',
    weight,
    strike: async (world, random) => {
      const slot = random.pick(world.slots.filter(({ name }) => name.startsWith(which)));
      // Mostly once it works: else nothing is ever in flight. Now and then whatever it is doing.
      if (random.chance(0.7)) await slot.ready(5_000).catch(() => undefined);
      await delay(random.chance(0.4) ? random.int(0, 200) : random.int(200, 1_500));
      world.journal.strike(`SIGKILL ${which}`, slot.name);
      await slot.bounce('SIGKILL');
    },
  };
}

export function terminate(which: string, weight = 1): StrikeKind {
  return {
    name: 'SIGTERM',
    weight,
    strike: async (world, random) => {
      const slot = random.pick(world.slots.filter(({ name }) => name.startsWith(which)));
      world.journal.strike(`SIGTERM ${which}`, slot.name);
      await slot.bounce('SIGTERM');
    },
  };
}

/** Longer than a session time-out now and then: the process wakes up and others have taken its place. */
export function pause(which: string, longestMs: number, weight = 1): StrikeKind {
  return {
    name: 'SIGSTOP',
    weight,
    strike: async (world, random) => {
      const slot = random.pick(world.slots.filter(({ name }) => name.startsWith(which)));
      world.journal.strike(`SIGSTOP ${which}`, slot.name);
      slot.pause();
      await delay(random.int(50, longestMs));
      slot.resume();
      // Killed half of the time, before it can notice.
      if (random.chance(0.2)) await slot.bounce('SIGKILL');
    },
  };
}
