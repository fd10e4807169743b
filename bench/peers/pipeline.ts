import type { RunningPipeline } from '../pipelines.ts';
import { TABLE, type Workload } from '../workload.ts';
import { startPeer, type PeerName } from './peers.ts';

/** A peer that deletes `row:{id}` for good, from now on. */
export async function startPeerPipeline(
  name: PeerName,
  workload: Workload,
  { rows, pollMs }: { rows: number; pollMs: number },
  progress: (line: string) => void,
): Promise<RunningPipeline> {
  const { mysql, redisUrl } = workload;
  const from = await workload.coordinates();
  const does = { kind: 'unlink', redisUrl } as const;
  const child = await startPeer(name, { mysql, from, rows, table: TABLE, does, follows: { pollMs } }, progress);
  return { ready: () => child.said('ready'), stop: () => child.stop() };
}
