import { describe, expect, it } from 'vitest';
import { InFlightWindow, type Holding } from '../../../src/progress/in-flight-window.ts';

const never = new AbortController().signal;
type Text = { readonly text: string };
const passed: string[] = [];
const holding: Holding<Text> = {
  merge: (older, newer) => ({ text: `${older.text}${newer.text}` }),
  weigh: ({ text }) => text.length,
  maxWeight: 200,
};
const windowOf = (maxBatches: number, maxBytes: number): InFlightWindow<Text> => {
  passed.length = 0;
  return new InFlightWindow({ maxBatches, maxBytes, holding, onWatermark: ({ text }) => passed.push(text) });
};

describe('the bounds of the in-flight window', () => {
  it('has no room once the batches or the bytes are used up', () => {
    const byBatches = windowOf(2, 1000);
    byBatches.open(null, 1);
    expect(byBatches.hasRoom).toBe(true);
    byBatches.open(null, 1);
    expect(byBatches.hasRoom).toBe(false);
    const byBytes = windowOf(100, 10);
    byBytes.open(null, 4);
    expect(byBytes.hasRoom).toBe(true);
    byBytes.open(null, 6);
    expect(byBytes.hasRoom).toBe(false);
  });

  it('lets one batch in that is larger than the bound', () => {
    const window = windowOf(1, 10);
    const ticket = window.open(null, 1_000_000);
    expect(window.hasRoom).toBe(false);
    window.acknowledge(ticket);
    expect(window.hasRoom).toBe(true);
  });

  it.each([0, 1])('wakes whoever waits for room when batch %i of two is acknowledged', async (which) => {
    const window = windowOf(2, 1000);
    const tickets = [window.open(null, 1), window.open(null, 1)];
    let woken = false;
    const waiting = window.room(never).then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    for (const ticket of tickets.slice(which, which + 1)) window.acknowledge(ticket);
    await waiting;
    expect([window.batches, window.sizeBytes]).toEqual([1, 1]);
  });

  it('counts a batch that is acknowledged twice once', () => {
    const window = windowOf(2, 1000);
    const [, newest] = [window.open(null, 1), window.open(null, 1)];
    window.acknowledge(newest);
    window.acknowledge(newest);
    expect([window.batches, window.sizeBytes]).toEqual([1, 1]);
  });

  it('keeps nothing of what the watermark has passed', () => {
    const window = windowOf(10, 1000);
    const [first, second, third] = [window.open(null, 1), window.open(null, 1), window.open(null, 1)];
    window.acknowledge(second);
    window.acknowledge(first);
    // A link back would keep every batch since the start in memory.
    expect(third.older).toBeUndefined();
  });

  it('goes on behind a batch that takes long, holding back merged ends, up to a bound of their own', () => {
    const window = windowOf(2, 10);
    const slow = window.open({ text: '(' }, 5);
    let held = '';
    for (; window.hasRoom && held.length < 1_000; held += 'x') window.acknowledge(window.open({ text: 'x' }, 5));
    expect(held).toHaveLength(200);
    expect(passed).toEqual([]);
    window.acknowledge(slow);
    expect(passed).toEqual(['(', 'x'.repeat(128), 'x'.repeat(72)]);
    expect(window).toMatchObject({ batches: 0, sizeBytes: 0, heldWeight: 0, hasRoom: true });
  });

  it('waits for empty until everything is acknowledged', async () => {
    const window = windowOf(10, 1000);
    const tickets = [window.open(null, 1), window.open(null, 1)];
    const empty = window.empty(never);
    for (const ticket of tickets) window.acknowledge(ticket);
    await empty;
    expect(window.batches).toBe(0);
  });

  it('gives up waiting with the reason of the signal', async () => {
    const window = windowOf(1, 10);
    window.open(null, 1);
    const stop = new AbortController();
    const waiting = window.room(stop.signal);
    stop.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
  });
});
