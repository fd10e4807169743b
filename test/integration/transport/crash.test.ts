import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { startKafka } from '../../../deploy/local/services.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

/** Throws a TypeError inside eachBatch, where kafkajs stops its consumer for good. */
class ExplodingMetrics extends Metrics {
  explosions = 0;
  restarts = 0;

  override set(...args: Parameters<Metrics['set']>): void {
    if (this.explosions > 0 && args[0] === 'sluice_consumer_lag_records' && new Error().stack?.includes('eachBatch')) {
      this.explosions--;
      throw new TypeError('undefined is not a function');
    }
    super.set(...args);
  }

  override count(...args: Parameters<Metrics['count']>): void {
    if (args[0] === 'sluice_consumer_restarts_total') this.restarts++;
    super.count(...args);
  }
}

describe('a consumer that dies', () => {
  it('of a TypeError is replaced, and goes on at the committed offset', async () => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    const metrics = new ExplodingMetrics();
    const publisher = harness.publisher();
    const stop = new AbortController();
    const recorder = new Recorder();
    const done = harness.subscription({ metrics }).run(recorder.handle, stop.signal);
    onTestFinished(() => stop.abort());
    await publisher.publish(changes(30));
    await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(30), WAIT);
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
    metrics.explosions = 1;
    await publisher.publish(changes(30, 7, 2_000));
    await vi.waitFor(() => expect(metrics.restarts).toBe(1), WAIT);
    await vi.waitFor(() => expect(new Set(recorder.invalidations.map(({ version }) => version)).size).toBe(60), WAIT);
    stop.abort();
    await expect(done).resolves.toBeUndefined();
  });

  it('of its broker is replaced when the broker is back, and nothing acknowledged is lost', async () => {
    const kafka = await startKafka();
    onTestFinished(() => kafka.remove());
    const harness = await KafkaHarness.open({ partitions: 3, brokers: kafka.brokers });
    const publisher = harness.publisher({ closeTimeoutMs: 1_000 });
    const recorder = new Recorder();
    const stop = new AbortController();
    const done = harness.subscription().run(recorder.handle, stop.signal);
    onTestFinished(() => stop.abort());

    const acknowledged = new Set<number>();
    let going = true;
    const publishing = (async () => {
      for (let first = 0; going; first += 20) {
        await publisher.publish(changes(20, 20, first));
        for (let version = first; version < first + 20; version++) acknowledged.add(version);
      }
    })();
    await vi.waitFor(() => expect(recorder.invalidations.length).toBeGreaterThan(100), WAIT);
    await kafka.kill('SIGKILL');
    const [published, seen] = [acknowledged.size, recorder.invalidations.length];
    await kafka.restart();
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(published + 200), { ...WAIT, timeout: 60_000 });
    await vi.waitFor(() => expect(recorder.invalidations.length).toBeGreaterThan(seen + 200), {
      ...WAIT,
      timeout: 60_000,
    });
    going = false;
    await publishing;

    const delivered = () => new Set(recorder.invalidations.map(({ version }) => version));
    await vi.waitFor(() => expect(delivered().size).toBe(acknowledged.size), WAIT);
    stop.abort();
    await expect(done).resolves.toBeUndefined();
  }, 120_000);
});
