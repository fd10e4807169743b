import type { Random } from '../random.ts';
import type { Lane } from '../strikes/strike.ts';
import type { Mode } from '../world/config.ts';
import type { World, WorldOptions } from '../world/world.ts';

export interface Scenario {
  /** What --scenario takes. */
  readonly name: string;
  readonly mode: Mode;
  /** Its part of the minutes. */
  readonly weight: number;
  /** In words, for the report. */
  readonly about: string;
  readonly world?: Partial<Omit<WorldOptions, 'name' | 'mode' | 'main' | 'random' | 'journal'>>;
  readonly lanes: readonly Lane[];
  readonly load?: Partial<Load>;
  /** Flushes and memory limits take keys away that would else be missed: why, in words. */
  readonly mayMissRefreshed?: string;
  /** A value may be older for a moment than one that was seen before: why, in words. It must be right in the end all the same. */
  readonly mayShowOlder?: string;
  /** Dead letters that belong to the faults: why, in words. */
  readonly expectsLetters?: string;
  /** Before the load, and after the faults. */
  readonly prepare?: (world: World, random: Random) => Promise<void>;
  readonly heal?: (world: World, random: Random) => Promise<void>;
}

export interface Load {
  readonly writers: number;
  /** Longest pause of a writer between two transactions. */
  readonly pauseMs: number;
  /** Transactions of all writers together a second, instead of pauses: as far as the machine takes it. */
  readonly perSecond?: number;
  /** Weight of single updates of rows that nobody holds for long. */
  readonly ticks: number;
  readonly locked: number;
  readonly aside: number;
  readonly xa: boolean;
}

export const USUAL_LOAD: Load = { writers: 4, pauseMs: 8, ticks: 8, locked: 4, aside: 12, xa: true };
