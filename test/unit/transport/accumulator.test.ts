import { describe, expect, it, vi } from 'vitest';
import { Accumulator, type OutgoingRecord, type RecordSender } from '../../../src/transport/accumulator.ts';

/** A sender whose sends are answered one by one, by the test. */
class ManualSender implements RecordSender {
  readonly calls: { partition: number; values: string[]; resolve(): void; reject(error: Error): void }[] = [];
  readonly busy = new Set<number>();

  async send(partition: number, records: OutgoingRecord[]): Promise<void> {
    expect(this.busy.has(partition), 'a second send for a partition').toBe(false);
    this.busy.add(partition);
    const values = records.map(({ value }) => value.toString());
    await new Promise<void>((resolve, reject) => this.calls.push({ partition, values, resolve, reject }));
    this.busy.delete(partition);
  }
}

const record = (value: string, partition = 0): OutgoingRecord => ({ key: 'k', value: Buffer.from(value), partition });
const records = (...values: string[]): OutgoingRecord[] => values.map((value) => record(value));
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the accumulator', () => {
  it('sends a lone record at once', () => {
    const sender = new ManualSender();
    void new Accumulator({ partitions: 1, sender }).add(records('a'));
    expect(sender.calls.map(({ values }) => values)).toEqual([['a']]);
  });

  it('keeps one send in flight per partition and collects what comes meanwhile, in order', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 2, sender });
    for (const value of ['a', 'b', 'c']) void accumulator.add([record(value, 0), record(value, 1)]);
    expect(sender.calls.map(({ partition, values }) => [partition, values])).toEqual([
      [0, ['a']],
      [1, ['a']],
    ]);
    sender.calls[1]?.resolve();
    await settled();
    expect(sender.calls[2]).toMatchObject({ partition: 1, values: ['b', 'c'] });
    expect(sender.calls).toHaveLength(3);
    sender.calls[0]?.resolve();
    await settled();
    expect(sender.calls[3]).toMatchObject({ partition: 0, values: ['b', 'c'] });
  });

  it('resolves a batch when its records of all partitions are acknowledged', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 2, sender });
    const done = vi.fn();
    void accumulator.add([record('a', 0), record('b', 1)]).then(done);
    expect(accumulator.depth()).toBe(2);
    sender.calls[0]?.resolve();
    await settled();
    expect(done).not.toHaveBeenCalled();
    sender.calls[1]?.resolve();
    await settled();
    expect(done).toHaveBeenCalledOnce();
    expect(accumulator.depth()).toBe(0);
  });

  it('counts a send that holds the end of one batch and the beginning of the next', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 1, sender, maxBatchRecords: 2 });
    const order: string[] = [];
    void accumulator.add(records('a', 'b', 'c')).then(() => order.push('first'));
    void accumulator.add(records('d', 'e')).then(() => order.push('second'));
    for (let i = 0; i < 3; i++) {
      await vi.waitFor(() => expect(sender.calls).toHaveLength(i + 1));
      sender.calls[i]?.resolve();
      await settled();
      if (i === 0) expect(order).toEqual([]);
      if (i === 1) expect(order).toEqual(['first']);
    }
    expect(sender.calls.map(({ values }) => values)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(order).toEqual(['first', 'second']);
  });

  it('bounds a send by bytes, but never sends less than one record', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 1, sender, maxBatchBytes: 200 });
    const large = 'x'.repeat(1_000);
    void accumulator.add(records(large, 'y'.repeat(40), 'y'.repeat(40), 'y'.repeat(40)));
    for (let i = 0; i < 3; i++) {
      await vi.waitFor(() => expect(sender.calls).toHaveLength(i + 1));
      sender.calls[i]?.resolve();
    }
    expect(sender.calls.map(({ values }) => values.length)).toEqual([1, 2, 1]);
  });

  it('rejects everything that waits, and whatever comes later, when a send can never succeed', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 2, sender });
    const error = new Error('refused');
    const waiting = [accumulator.add(records('a')), accumulator.add(records('b')), accumulator.add([record('c', 1)])];
    sender.calls[0]?.reject(error);
    for (const each of waiting) await expect(each).rejects.toBe(error);
    await expect(accumulator.add(records('d'))).rejects.toBe(error);
    await expect(accumulator.idle()).resolves.toBeUndefined();
    expect(accumulator.depth()).toBe(0);
    sender.calls[1]?.resolve();
    await settled();
    expect(accumulator.depth()).toBe(0);
  });

  it('is idle when nothing waits or is under way', async () => {
    const sender = new ManualSender();
    const accumulator = new Accumulator({ partitions: 1, sender });
    await accumulator.idle();
    void accumulator.add(records('a'));
    const idle = vi.fn();
    void accumulator.idle().then(idle);
    await settled();
    expect(idle).not.toHaveBeenCalled();
    sender.calls[0]?.resolve();
    await settled();
    expect(idle).toHaveBeenCalledOnce();
  });
});
