import type { SqlAddress } from '../../deploy/local/services.ts';
import type { Coordinates } from '../workload.ts';

/** What the children of the drain scenarios are given, as JSON in their first argument. */
export interface DrainSettings {
  readonly mysql: Pick<SqlAddress, 'host' | 'port' | 'user' | 'password'>;
  readonly from: Coordinates;
  /** In the same file. */
  readonly to: Coordinates;
  readonly rows: number;
  readonly database: string;
  readonly rules: readonly object[];
}

export const settings = JSON.parse(process.argv[2] ?? '{}') as DrainSettings;
/** Unique among the replicas of a server: no two children run at once, but the server forgets the last one late. */
export const serverId = 4_000_000 + (process.pid % 100_000);
