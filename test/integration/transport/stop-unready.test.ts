import { expect, it, onTestFinished, vi } from 'vitest';
import { Membership } from '../../../src/transport/kafka-membership.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

it('stops within drain_timeout while it is not known yet where to begin', { timeout: 30_000 }, async () => {
  const harness = await KafkaHarness.open({ partitions: 1 });
  await harness.publisher().publish(changes(5));
  // A target that never says whether the group has worked with it.
  harness.trace.exists = () => new Promise(() => undefined);
  // Asked at the beginning of every batch that kafkajs delivers.
  const delivered = vi.spyOn(Membership.prototype, 'stopping', 'get');
  onTestFinished(() => delivered.mockRestore());
  const stop = new AbortController();
  const recorder = new Recorder();
  const done = harness.subscription({ drainTimeoutMs: 300 }).run(recorder.handle, stop.signal);
  await vi.waitFor(() => expect(delivered).toHaveBeenCalled(), WAIT);
  stop.abort(new Error('stopped by the test'));
  await done;
  expect(recorder.batches).toEqual([]);
});
