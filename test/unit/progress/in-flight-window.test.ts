import { describe, expect, it } from 'vitest';
import { InFlightWindow } from '../../../src/progress/in-flight-window.ts';

const never = new AbortController().signal;
const windowOf = (maxBatches: number, maxBytes: number): InFlightWindow =>
  new InFlightWindow({ maxBatches, maxBytes, onWatermark: () => undefined });

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

  it('wakes whoever waits for room when the oldest batch is acknowledged', async () => {
    const window = windowOf(2, 1000);
    const [oldest, newest] = [window.open(null, 1), window.open(null, 1)];
    let woken = false;
    const waiting = window.room(never).then(() => (woken = true));
    window.acknowledge(newest);
    await Promise.resolve();
    expect(woken).toBe(false);
    window.acknowledge(oldest);
    await waiting;
    expect(woken).toBe(true);
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
