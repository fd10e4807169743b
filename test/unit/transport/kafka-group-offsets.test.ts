import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { RecordLoss, Remainder } from '../../../src/ports.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { CommittedOffset } from '../../../src/transport/group-place.ts';
import { GroupOffsets, type GroupOffsetsOptions } from '../../../src/transport/kafka-group-offsets.ts';
import { Remainders } from '../../../src/transport/remainders.ts';

const ID = 'a'.repeat(32);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A topic of one partition, and what the group has committed there. */
class Broker {
  low = 0;
  high = 900;
  committed: CommittedOffset = { offset: -1, topicId: null };
  worked = true;
  answers = true;
  readonly seeks: string[] = [];
  readonly losses: string[] = [];
  readonly metrics = new Metrics();
  /** What a flush does; undefined: it never ends. */
  flush: () => void = () => undefined;
  interrupted = false;

  member(): GroupOffsets {
    const ask = <T>(answer: T): Promise<T> =>
      this.answers ? Promise.resolve(answer) : Promise.reject(new Error('nobody answers'));
    const view = {
      topicId: () => ask(ID),
      partitions: () => [0],
      committed: () => ask(new Map([[0, this.committed]])),
      ends: () => ask(new Map([[0, { low: this.low, high: this.high }]])),
      refresh: () => Promise.resolve(),
    };
    const mend = async (loss: RecordLoss, signal: AbortSignal): Promise<Remainder | null | undefined> => {
      this.losses.push(loss.reason);
      await turn();
      this.flush();
      return signal.aborted || this.interrupted ? undefined : null;
    };
    return new GroupOffsets({
      topic: 'topic',
      group: 'group',
      target: 'main',
      consumer: {
        seek: ({ offset }) => void this.seeks.push(offset),
        commitOffsets: ([one]) => {
          this.committed = { offset: Number(one?.offset), topicId: one?.metadata ?? null };
          return Promise.resolve();
        },
      },
      view: view as unknown as GroupOffsetsOptions['view'],
      trace: {
        exists: () => Promise.resolve(this.worked),
        leave: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      begunAnew: new Set(),
      mend,
      remainders: new Remainders(),
      onFailed: () => () => undefined,
      clock: { now: () => 0, monotonicMs: () => 0, sleep: turn },
      logger: pino({ enabled: false }),
      metrics: this.metrics,
    });
  }

  async join(member = this.member()): Promise<GroupOffsets> {
    await member.remember();
    member.assign([0], new AbortController().signal);
    await member.ready;
    await turn();
    return member;
  }
}

function broker(committed: number, range: { readonly low?: number; readonly high?: number } = {}): Broker {
  return Object.assign(new Broker(), range, { committed: { offset: committed, topicId: ID } });
}

describe('the offsets of a group member', () => {
  it('begin where the group has committed', async () => {
    const there = broker(300);
    const member = await there.join();
    expect(await member.delivered(0, 300, 900)).toBe(true);
    expect(there.losses).toEqual([]);
  });

  it('tell of a loss again whose flush was interrupted, though kafkajs has thrown the offset away and there is no trace', async () => {
    const there = Object.assign(broker(100, { low: 500 }), { worked: false, interrupted: true });
    await there.join();
    there.committed = { offset: -2, topicId: null };
    there.interrupted = false;
    await there.join();
    expect(there.losses).toEqual(['records_deleted', 'offsets_missing']);
    expect(there.committed.offset).toBe(500);
  });

  it('take what retention deletes during the flush for made good: it was there when the flush began', async () => {
    const there = broker(100, { low: 500, high: 900 });
    there.flush = () => (there.low = 700);
    const member = await there.join();
    expect(await member.look()).toBe('fine');
    expect(await member.delivered(0, 700, 900)).toBe(true);
    await member.commit();
    expect(there.committed.offset).toBe(700);
    expect(there.losses).toEqual(['records_deleted']);
  });

  it('take what came after the flush began, and was deleted unread, for a new loss', async () => {
    const there = broker(100, { low: 500, high: 900 });
    there.flush = () => Object.assign(there, { low: 950, high: 2_000 });
    const member = await there.join();
    expect(await member.look()).toEqual({ loss: 'records of partition 0 were deleted before they were read' });
  });

  it('believe no jump while nobody says what the partition has', async () => {
    const there = broker(100, { high: 100 });
    const member = await there.join();
    Object.assign(there, { low: 500, answers: false });
    for (let times = 0; times < 3; times++) expect(await member.delivered(0, 500, 900)).toBe(false);
    await member.commit();
    expect(there.committed.offset).toBe(100);
    there.answers = true;
    await expect(member.delivered(0, 500, 900)).rejects.toThrow('deleted before they were read');
  });

  it('ask for a batch of before a rebalance again, after every rebalance', async () => {
    const there = broker(300);
    const member = await there.join();
    expect(await member.delivered(0, 500, 900)).toBe(false);
    await there.join(member);
    expect(await member.delivered(0, 500, 900)).toBe(false);
    expect(there.seeks).toEqual(['300', '300']);
    await member.commit();
    expect(there.committed.offset).toBe(300);
  });

  it('go over a hole that stays, and count it', async () => {
    const there = broker(300);
    const member = await there.join();
    expect(await member.delivered(0, 310, 900)).toBe(false);
    expect(await member.delivered(0, 310, 900)).toBe(true);
    expect(await there.metrics.text()).toContain('sluice_consumer_skipped_records_total{target="main"} 10');
  });

  it('say again what kafkajs may have thrown away', async () => {
    const there = broker(300);
    const member = await there.join();
    there.committed = { offset: -2, topicId: null };
    expect(await member.delivered(0, 500, 900)).toBe(false);
    await member.commit();
    expect(there.committed).toEqual({ offset: 300, topicId: ID });
  });
});
