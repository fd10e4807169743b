import { Kafka, type Admin } from 'kafkajs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Membership } from '../../../src/transport/kafka-membership.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

/** Admins of clients made from now on: asked for offsets a second time, after joining, they never answer. */
function silenceSecondLook(): void {
  // Called with each client as `this`, below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const original = Kafka.prototype.admin;
  const spy = vi.spyOn(Kafka.prototype, 'admin').mockImplementation(function (this: Kafka, ...given): Admin {
    const admin = original.apply(this, given);
    const fetchOffsets = admin.fetchOffsets.bind(admin);
    let looks = 0;
    admin.fetchOffsets = (options) => (++looks === 1 ? fetchOffsets(options) : new Promise(() => undefined));
    return admin;
  });
  onTestFinished(() => spy.mockRestore());
}

it('stops within drain_timeout while it is not known yet where to begin', { timeout: 30_000 }, async () => {
  const harness = await KafkaHarness.open({ partitions: 1 });
  await harness.publisher().publish(changes(5));
  silenceSecondLook();
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
