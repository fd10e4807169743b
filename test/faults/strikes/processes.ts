/** Ends and stops of the daemons themselves. */
import { delay } from '../wait.ts';
import type { DaemonSlot } from '../world/daemon-slot.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

/**
 * How long it may work before it is killed. A batch with second deletes counts only after them, so one that is always killed within
 * twice `again_after` never saves a checkpoint, and the same backlog is read for ever: some must live longer than that.
 */
const LIVES: readonly { readonly weight: number; readonly ms: readonly [number, number]; readonly ready: boolean }[] = [
  // Whatever it is doing, starting for example.
  { weight: 15, ms: [0, 200], ready: false },
  { weight: 25, ms: [0, 200], ready: true },
  { weight: 35, ms: [200, 1_500], ready: true },
  { weight: 25, ms: [1_500, 4_000], ready: true },
];

/** Only what runs can be struck, and counts. False: it has ended just now and is about to be started again. */
function isStruck({ journal }: World, signal: string, which: string, slot: DaemonSlot): boolean {
  if (slot.process === null) return false;
  journal.strike(`${signal} ${which}`, slot.name);
  return true;
}

/** Names of daemons begin with it: `run`, `capture`, `apply`; '' is any. */
export function kill(which: string, weight = 1): StrikeKind {
  return {
    name: 'SIGKILL',
    weight,
    strike: async (world, random) => {
      const slot = random.pick(world.slots.filter(({ name }) => name.startsWith(which)));
      const life = random.weighted(LIVES);
      if (life.ready) await slot.ready(5_000).catch(() => undefined);
      await delay(random.int(...life.ms));
      if (isStruck(world, 'SIGKILL', which, slot)) await slot.bounce('SIGKILL');
    },
  };
}

export function terminate(which: string, weight = 1): StrikeKind {
  return {
    name: 'SIGTERM',
    weight,
    strike: async (world, random) => {
      const slot = random.pick(world.slots.filter(({ name }) => name.startsWith(which)));
      if (isStruck(world, 'SIGTERM', which, slot)) await slot.bounce('SIGTERM');
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
      if (!isStruck(world, 'SIGSTOP', which, slot)) return;
      slot.pause();
      await delay(random.int(50, longestMs));
      slot.resume();
      // Killed now and then, before it can notice.
      if (random.chance(0.2) && isStruck(world, 'SIGKILL', which, slot)) await slot.bounce('SIGKILL');
    },
  };
}
