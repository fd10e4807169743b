import type { RunningPipeline } from '../pipelines.ts';
import { TABLE, type Workload } from '../workload.ts';
import { startPeer, type PeerName } from './peers.ts';

/** What each says when it has asked for the dump. */
const STREAMING: Record<PeerName, string> = {
  'canal, one thread': 'find start position successfully',
  'canal, parallel': 'find start position successfully',
  debezium: 'Connected to binlog',
};

/** A peer that deletes `row:{id}` for good, from now on. */
export async function startPeerPipeline(
  name: PeerName,
  workload: Workload,
  { rows, pollMs }: { rows: number; pollMs: number },
  progress: (line: string) => void,
): Promise<RunningPipeline> {
  const { mysql, redisUrl } = workload;
  const from = await workload.coordinates();
  const gtids = await workload.executedGtids();
  const does = { kind: 'unlink', redisUrl } as const;
  const child = await startPeer(name, { mysql, from, gtids, rows, table: TABLE, does, follows: { pollMs } }, progress);
  return { ready: () => child.said(STREAMING[name]), stop: () => child.stop() };
}
