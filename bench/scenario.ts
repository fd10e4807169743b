/** What a scenario is given and what it gives back. Each has a file of its own in this folder, and a line in bench.ts. */
import type { Addresses, ServiceName } from '../deploy/local/services.ts';

export interface Scenario {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  readonly run: (bench: Bench) => Promise<readonly Comparison[]>;
}

export interface Bench {
  /** Small sizes: shows that everything works, and roughly how it stands. */
  readonly isQuick: boolean;
  /** How often each contestant does the work. */
  readonly runs: number;
  /** Whether Debezium and Canal take part. */
  readonly withPeers: boolean;
  /** Starts the servers that are not running yet. */
  readonly servers: <Name extends ServiceName>(names: readonly Name[]) => Promise<Pick<Addresses, Name>>;
  readonly progress: (line: string) => void;
}

/** The same work, measured for several contestants. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  /** Contestant → a number for each run. */
  readonly results: Results;
  readonly ratios: readonly Ratio[];
  /** What a reader has to know, such as why a contestant is missing. */
  readonly notes?: readonly string[];
}

export type Results = Readonly<Record<string, readonly number[]>>;

/** One contestant's number divided by another's, run by run, so that a slow minute of the machine hits both. */
export interface Ratio {
  readonly of: string;
  readonly to: string;
  /** The goal; null: the ratio is only shown. */
  readonly goal: Goal | null;
}

export interface Goal {
  readonly bound: 'at least' | 'at most';
  readonly times: number;
}

export const atLeast = (times: number): Goal => ({ bound: 'at least', times });
export const atMost = (times: number): Goal => ({ bound: 'at most', times });
