import { getEventListeners } from 'node:events';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { rejection } from '../../../src/runtime/rejection.ts';
import { MysqlLease } from '../../../src/source/mysql-lease.ts';

/** Nobody listens there. */
const AWAY = { host: '127.0.0.1', port: 1, user: 'nobody', password: '', database: null, tls: null };

/** How many listeners are left on each signal that anybody listened to, and whether signals were joined: that leaves weak ones. */
function signalsInUse() {
  const signals = new Set<AbortSignal>();
  const { prototype } = AbortSignal;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the signal that it was called on
  const listen = prototype.addEventListener;
  vi.spyOn(prototype, 'addEventListener').mockImplementation(function (this: AbortSignal, ...heard) {
    signals.add(this);
    Reflect.apply(listen, this, heard);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const left = (): readonly number[] => [...signals].map((signal) => getEventListeners(signal, 'abort').length);
  const any = vi.spyOn(AbortSignal, 'any');
  return { left, joined: () => any.mock.calls.length };
}

it('leaves nothing behind on the signals of its life, however often it connects and is asked', async () => {
  const signals = signalsInUse();
  let attempts = 0;
  const sleep = (_ms: number, signal?: AbortSignal): Promise<void> => {
    attempts++;
    return systemClock.sleep(1, signal);
  };
  const lease = new MysqlLease({
    name: 'shop',
    address: AWAY,
    timeoutMs: 5_000,
    verify: () => Promise.resolve(),
    clock: { ...systemClock, sleep },
    logger: silentLogger,
    metrics: new Metrics(),
  });
  onTestFinished(() => lease.close());
  for (let asked = 0; asked < 20; asked++) {
    const stop = new AbortController();
    const waiting = lease.acquire(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  }
  await vi.waitFor(() => expect(attempts).toBeGreaterThan(20));
  expect(Math.max(...signals.left())).toBeLessThan(5);
  expect(signals.joined()).toBe(0);
});

it('rejects with the reason of the first signal, at once if it is over already', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const { promise, dispose } = rejection(first.signal, second.signal);
  second.abort(new Error('second'));
  first.abort(new Error('first'));
  await expect(promise).rejects.toThrow('second');
  await expect(rejection(first.signal).promise).rejects.toThrow('first');
  dispose();
});
