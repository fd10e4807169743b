import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';

/** One kind of fault. It brings itself about, lasts, and takes itself back, whatever happens meanwhile. */
export interface StrikeKind {
  readonly name: string;
  readonly weight: number;
  strike(world: World, random: Random): Promise<void>;
}

/** Faults of one lane come one after another; lanes run side by side. */
export interface Lane {
  readonly kinds: readonly StrikeKind[];
  /** Between two faults, ms. */
  readonly pauseMs: readonly [number, number];
}
