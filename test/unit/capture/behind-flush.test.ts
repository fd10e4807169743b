import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCaptureLoop } from '../../../src/capture/loop.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import type { ChangeBatch, RowChange } from '../../../src/model/row-change.ts';
import type { BatchHandler, Checkpoint } from '../../../src/ports.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { InProcessQueue } from '../../../src/transport/in-process-queue.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';
import { deleteOf, flushOf } from '../../support/invalidations.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const START: ResumePoint = {
  position: { flavour: 'mysql', serverUuid: UUID, coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' },
  lastVersion: 0,
};

const batch = (version: number): ChangeBatch => ({
  changes: [{ version } as RowChange],
  sizeBytes: 100,
  end: { coordinates: { file: 'binlog.000001', offset: version }, gtids: [`${UUID}:${version}`], lastVersion: version },
  commitTimeMs: 1,
});

/** Everything is applied at once but flushes, which take until `finish` is called. */
function slowFlushes() {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const applied: number[] = [];
  const handle: BatchHandler = async ({ items }) => {
    for (const item of items) {
      if (item.kind !== 'invalidation') continue;
      if (item.invalidation.action === 'flush') await finished;
      applied.push(item.invalidation.version);
    }
    return null;
  };
  return { applied, finish, handle };
}

describe('capture behind a flush that takes long, in one process', () => {
  it('goes on far beyond the batches in flight, while the checkpoint waits before the flush', async () => {
    const { applied, finish, handle } = slowFlushes();
    const queue = new InProcessQueue({ partitions: 2 });
    const stop = new AbortController();
    const saved: Checkpoint[] = [];
    const count = 500;
    const invalidationOf = ({ version }: { version: number }): Invalidation =>
      version === 10 ? flushOf('card:*', version) : deleteOf(`card:${version}`, version);
    const consuming = queue.run(handle, stop.signal).catch(() => undefined);
    const leave = new AbortController();
    const running = runCaptureLoop(
      {
        pipeline: 'test',
        source: {
          async *changes(_, signal) {
            for (let version = 1; version <= count; version++) yield batch(version);
            await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          },
          locate: () => Promise.resolve(START.position),
        },
        evaluator: () => ({
          evaluate: ({ changes }, { epochs }) => ({ invalidations: changes.map(invalidationOf), letters: [], epochs }),
        }),
        restate: () => [],
        onGap: 'halt',
        bridge: () => ({ invalidations: [], epochs: new Map(), unflushed: [] }),
        trace: new MemoryStartTrace(),
        deadLetters: { keep: () => Promise.resolve(), close: () => Promise.resolve() },
        publisher: queue,
        store: {
          load: () => Promise.resolve(null),
          claim: () => Promise.resolve(1),
          isNewest: () => Promise.resolve(true),
          save: (checkpoint) => Promise.resolve(void saved.push(checkpoint)),
          close: () => Promise.resolve(),
        },
        checkpointIntervalMs: 1,
        firstStart: () => Promise.resolve(START),
        maxInFlight: { batches: 3, bytes: 2_000 },
        drainTimeoutMs: 60_000,
        clock: new FakeClock(),
        logger: silentLogger,
        metrics: new Metrics(),
      },
      leave.signal,
    );
    onTestFinished(async () => {
      finish();
      leave.abort();
      await running;
      stop.abort();
      await consuming;
    });
    await vi.waitFor(() => expect(applied).toHaveLength(count - 1));
    expect(applied).not.toContain(10);
    for (const { position } of saved) expect(position.coordinates.offset).toBeLessThan(10);
    finish();
    leave.abort();
    await running;
    expect(saved.at(-1)?.position).toMatchObject({
      coordinates: { offset: count },
      gtidSet: `${UUID}:1-${count}`,
    });
  });
});
