import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { BatchHandler } from '../../../src/ports.ts';
import type { KafkaSubscriptionOptions } from '../../../src/transport/kafka-subscription.ts';
import { flushOf } from '../../support/invalidations.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

/** A member of the group; stopped when the test ends. */
function join(harness: KafkaHarness, handle: BatchHandler, more: Partial<KafkaSubscriptionOptions> = {}) {
  const stop = new AbortController();
  const done = harness.subscription(more).run(handle, stop.signal);
  done.catch(() => undefined);
  const leave = async (): Promise<void> => {
    stop.abort(new Error('left by the test'));
    await done;
  };
  onTestFinished(() => leave().catch(() => undefined));
  return { done, leave };
}

/** A member that is killed as soon as it has joined, and is missed for so long. */
async function joinAndDie(
  { connection: { brokers }, group, topic }: KafkaHarness,
  sessionTimeout: number,
): Promise<void> {
  const script = `
    const { Kafka, logLevel } = require('kafkajs');
    const consumer = new Kafka({ brokers: ${JSON.stringify(brokers)}, logLevel: logLevel.NOTHING })
      .consumer({ groupId: ${JSON.stringify(group)}, sessionTimeout: ${sessionTimeout} });
    consumer.on(consumer.events.GROUP_JOIN, () => console.log('joined'));
    consumer.connect().then(() => consumer.subscribe({ topics: [${JSON.stringify(topic.name)}] })).then(() => consumer.run({ eachBatch: async () => {} }));`;
  const member = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(member.stdout, 'data');
  member.kill('SIGKILL');
  await once(member, 'exit');
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

describe('a consumer group whose members come and go', () => {
  it('loses nothing, keeps the order of each key, and repeats little if anything', async () => {
    const harness = await KafkaHarness.open({ partitions: 6 });
    const publisher = harness.publisher();
    const finished: { member: string; invalidation: Invalidation }[] = [];
    const member = (name: string) =>
      new Recorder(async ({ items }) => {
        await pause();
        for (const item of items) {
          if (item.kind === 'invalidation') finished.push({ member: name, invalidation: item.invalidation });
        }
      });
    const [first, second, third] = [member('first'), member('second'), member('third')];
    join(harness, first.handle, { maxBatchRecords: 20 });

    let published = 0;
    let going = true;
    const publishing = (async () => {
      for (; going; published += 40) await publisher.publish(changes(40, 40, published));
    })();
    await vi.waitFor(() => expect(first.partitions.size).toBe(6), WAIT);
    const leaving = join(harness, second.handle, { maxBatchRecords: 20 });
    await vi.waitFor(() => expect(second.partitions.size).toBe(3), WAIT);
    await vi.waitFor(() => expect(second.batches.length).toBeGreaterThan(20), WAIT);
    join(harness, third.handle, { maxBatchRecords: 20 });
    await vi.waitFor(() => expect(third.partitions.size).toBe(2), WAIT);
    await leaving.leave();
    const before = finished.length;
    await vi.waitFor(() => expect(finished.length).toBeGreaterThan(before + 500), WAIT);
    going = false;
    await publishing;

    await vi.waitFor(
      () => expect(new Set(finished.map(({ invalidation }) => invalidation.version)).size).toBe(published),
      WAIT,
    );
    // A version that comes for the first time is newer than all of its key before.
    const newest = new Map<string, number>();
    const seen = new Set<number>();
    for (const { invalidation } of finished) {
      if (seen.has(invalidation.version)) continue;
      seen.add(invalidation.version);
      expect(invalidation.version, invalidation.key).toBeGreaterThan(newest.get(invalidation.key) ?? -1);
      newest.set(invalidation.key, invalidation.version);
    }
    // What is finished is committed before each rejoin; only a commit that fails just then causes repetitions.
    expect(finished.length - published).toBeLessThan(published / 10);
    // Committing as it goes is what makes the next member begin there.
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
  });

  it('joins in one go although a member of it has died: what it asks beside JoinGroup would wait behind it', async () => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    // Longer than it takes to look for lost records, and the answer to be given up.
    await joinAndDie(harness, 25_000);
    const publisher = harness.publisher();
    await publisher.publish(changes(20));
    const next = new Recorder();
    join(harness, next.handle);
    await vi.waitFor(() => expect(next.items).toHaveLength(20), { ...WAIT, timeout: 60_000 });
    expect(await harness.parts.metrics.text()).not.toMatch(/^sluice_consumer_restarts_total.* [1-9]/m);
  });

  it('keeps its membership while a handler waits longer than the session', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    let finish = (): void => undefined;
    const slow = new Recorder(() => new Promise((resolve) => (finish = resolve)));
    join(harness, slow.handle, { sessionTimeoutMs: 6_000 });
    await harness.publisher().publish(changes(3));
    await vi.waitFor(() => expect(slow.batches).toHaveLength(1), WAIT);
    const startedAt = performance.now();
    await vi.waitFor(() => expect(performance.now() - startedAt).toBeGreaterThan(9_000), { timeout: 15_000 });
    finish();
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
    expect(slow.batches).toHaveLength(1);
  });

  it('keeps its membership while a flush, which stands in every partition, takes longer than the session', async () => {
    const harness = await KafkaHarness.open({ partitions: 3 });
    const publisher = harness.publisher();
    // Before anybody reads: kafkajs fetches again only when all batches of the last fetch are handled.
    await publisher.publish([flushOf('card:*', 1)]);
    const begunAt = performance.now();
    // All partitions wait for the flush at once: nothing but the timer tells the group that this member lives.
    const held = vi.waitFor(() => expect(performance.now() - begunAt).toBeGreaterThan(14_000), { timeout: 20_000 });
    const flushing = new Recorder(async () => void (await held));
    join(harness, flushing.handle, { sessionTimeoutMs: 6_000 });
    await vi.waitFor(() => expect(flushing.partitions.size).toBe(3), { timeout: 10_000 });
    await publisher.publish(changes(3, 3));
    await held;
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
    expect(flushing.invalidations).toHaveLength(6);
  });

  it('aborts a handler that holds up a rebalance, and another member gets its records again', async () => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    const reasons: unknown[] = [];
    const stuck = new Recorder(async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      throw signal.reason;
    });
    // First the records: the consumer fetches again only when what the last fetch has brought is handled, so all must be in the first.
    await harness.publisher().publish(changes(20, 20));
    join(harness, stuck.handle, { drainTimeoutMs: 300 });
    await vi.waitFor(() => expect(stuck.partitions.size).toBe(2), WAIT);
    const helper = new Recorder();
    const { leave } = join(harness, helper.handle);
    await vi.waitFor(() => expect(helper.partitions.size).toBe(1), WAIT);
    expect(String(reasons[0])).toContain('The group is rebalancing');
    const delivered = new Set(helper.invalidations.map(({ version }) => version));
    const partition = [...helper.partitions][0];
    const held = stuck.batches.filter((batch) => batch.partition === partition).flatMap(({ items }) => items);
    expect(held.every((item) => item.kind === 'invalidation' && delivered.has(item.invalidation.version))).toBe(true);
    // The member itself goes on: what it could not finish in time was no failure.
    const before = stuck.batches.length;
    await leave();
    await vi.waitFor(() => expect(stuck.batches.length).toBeGreaterThan(before), WAIT);
  });

  it('leaves no member behind, whenever it is stopped while it starts', async () => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    await harness.publisher().publish(changes(20));
    const delaysMs = [0, 10, 20, 40, 60, 80, 100, 130, 160, 200, 300];
    await Promise.all(
      delaysMs.map((delayMs) => harness.subscription().run(() => Promise.resolve(null), AbortSignal.timeout(delayMs))),
    );
    const admin = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const members = async () => (await admin.describeGroups([harness.group])).groups.flatMap((group) => group.members);
    // Sooner than the session of a member that was left behind would time out.
    await vi.waitFor(async () => expect(await members()).toEqual([]), { timeout: 3_000, interval: 100 });
    const recorder = new Recorder();
    join(harness, recorder.handle);
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
  });
});
