/** Faults of the network between the daemons and one server. */
import type { Random } from '../random.ts';
import { delay } from '../wait.ts';
import type { Link } from '../world/link.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

export type LinkName = keyof World['links'];

const KINDS: Readonly<Record<string, (link: Link, random: Random) => Promise<void>>> = {
  cut: async (link) => {
    link.cut();
    return Promise.resolve();
  },
  reset: async (link) => {
    link.reset();
    return Promise.resolve();
  },
  'half-open': async (link) => {
    link.halfOpen();
    return Promise.resolve();
  },
  /** Longer than every time-out of the daemon, now and then. */
  stall: (link, random) =>
    during(link, random.chance(0.15) ? 6_000 : random.int(100, 2_500), () => link.set({ stalled: true })),
  delay: (link, random) => during(link, random.int(300, 1_500), () => link.set({ delayMs: random.int(20, 400) })),
  drip: (link, random) => during(link, random.int(300, 1_500), () => link.set({ dripBytes: random.int(1, 200) })),
  refuse: (link, random) =>
    during(link, random.int(50, 1_500), () => {
      link.set({ refusing: true });
      link.reset();
    }),
};

async function during(link: Link, ms: number, set: () => void): Promise<void> {
  set();
  await delay(ms);
  link.heal();
}

export function network(name: LinkName, weight = 1): StrikeKind {
  return {
    name: `network ${name}`,
    weight,
    strike: async ({ links, journal }, random) => {
      const link = links[name];
      if (link === null) return;
      const [kind, strike] = random.pick(Object.entries(KINDS));
      journal.strike(`network ${kind} ${name}`);
      await strike(link, random);
    },
  };
}
