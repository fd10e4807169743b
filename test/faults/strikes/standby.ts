/** Faults of the active one of two captures: the other must take over, and the woken one must change nothing. */
import { delay } from '../wait.ts';
import type { DaemonSlot } from '../world/daemon-slot.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

async function active({ slots }: World, which: string): Promise<DaemonSlot | undefined> {
  for (const slot of slots.filter(({ name }) => name.startsWith(which))) {
    const held = await slot.process?.metric('sluice_lease_held').catch(() => 0);
    if ((held ?? 0) > 0) return slot;
  }
  return undefined;
}

export function strikeActive(which: string, weight = 1): StrikeKind {
  return {
    name: 'active',
    weight,
    strike: async (world, random) => {
      const slot = await active(world, which);
      if (slot === undefined) return world.journal.count('nobody held the lease');
      const stops = random.chance(0.6);
      world.journal.strike(stops ? `SIGSTOP active ${which}` : `SIGKILL active ${which}`, slot.name);
      world.journal.moment('the active one is gone');
      if (stops) {
        slot.pause();
        await delay(random.int(1_000, 14_000));
        slot.resume();
      } else {
        await slot.end('SIGKILL');
        await delay(random.int(500, 4_000));
        slot.start();
      }
    },
  };
}
