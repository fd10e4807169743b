import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClaimedStore } from '../../../src/progress/claimed-store.ts';
import { claimToken } from '../../../src/progress/claim-token.ts';
import { FileCheckpointStore } from '../../../src/progress/file-checkpoint-store.ts';
import { FencedCache } from '../../../src/progress/fenced-cache.ts';
import { OpenLease } from '../../../src/progress/open-lease.ts';
import { underLease } from '../../../src/progress/under-lease.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { TargetRetry } from '../../../src/worker/target-retry.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryCache } from '../../support/memory-cache.ts';
import { MemoryCheckpointStore } from '../../support/memory-checkpoint-store.ts';
import { MemoryLease } from '../../support/memory-lease.ts';

/** Each look moves the clock. */
const POLLING = { interval: 5, timeout: 5_000 };
const never = (): AbortSignal => new AbortController().signal;
const SET = { kind: 'set', key: 'k', version: 1, value: 'old', ttlMs: null } as const;
const FLUSH = { pattern: '*', version: 1, versioned: true };

describe('a cache under a lease', () => {
  it('is changed while the lease is held, and at no other moment', async () => {
    const lease = new MemoryLease();
    const memory = new MemoryCache({ clock: new FakeClock() });
    const cache = new FencedCache(memory, lease);
    const refused = expect.objectContaining({ code: 'LEASE_UNAVAILABLE' }) as Error;
    await expect(cache.apply([SET])).rejects.toEqual(refused);
    await expect(cache.flush(FLUSH, () => undefined, never())).rejects.toEqual(refused);
    expect([memory.calls, memory.flushes]).toEqual([[], []]);
    await lease.acquire(never());
    await cache.apply([SET]);
    await cache.flush(FLUSH, () => undefined, never());
    expect([memory.calls, memory.flushes]).toEqual([[[SET]], [FLUSH]]);
    lease.lose();
    await expect(cache.apply([SET])).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(memory.calls).toHaveLength(1);
  });

  it('makes a worker wait without calling the target lost, and ends it when the lease is lost', async () => {
    const clock = new FakeClock();
    const metrics = new Metrics();
    const retry = new TargetRetry({
      target: 't',
      clock,
      logger: silentLogger,
      metrics,
      retry: { baseMs: 1, maxMs: 1 },
    });
    retry.succeeded();
    const lease = new MemoryLease();
    const cache = new FencedCache(new MemoryCache({ clock }), lease);
    const applying = retry.until(() => cache.apply([SET]), never());
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    expect(await metrics.value('sluice_target_available', { target: 't' })).toBe(1);
    await lease.acquire(never());
    clock.advance(1);
    expect(await applying).toEqual(['applied']);
    lease.lose();
    await expect(retry.until(() => cache.apply([SET]), never())).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });
});

describe('a store under a lease', () => {
  it('gives no token to a process that does not hold the lease, and makes it wait', async () => {
    const lease = new MemoryLease();
    const clock = new FakeClock();
    const place = { text: null, token: 4 };
    const store = new ClaimedStore(new MemoryCheckpointStore(place), lease);
    const claiming = claimToken({ store, clock, logger: silentLogger }, never());
    for (let round = 0; round < 5; round++) {
      await vi.waitFor(() => expect(clock.sleeping).toBe(1));
      clock.advance(60_000);
    }
    expect(place.token).toBe(4);
    await lease.acquire(never());
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(place.token).toBe(5);
    });
    expect(await claiming).toBe(5);
  });

  it('is verified until another process has claimed a newer token', async () => {
    const place = { text: null, token: 0 };
    const store = new ClaimedStore(new MemoryCheckpointStore(place), new OpenLease());
    await store.verify();
    await store.claim();
    await store.verify();
    await new MemoryCheckpointStore(place).claim();
    await expect(store.verify()).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('is refused when it can be read and not written: that is a matter of settings', async () => {
    const store = new MemoryCheckpointStore();
    store.claim = () => Promise.reject(new SluiceError('CHECKPOINT_UNAVAILABLE', 'EACCES'));
    const clock = new FakeClock();
    const began = clock.monotonicMs();
    const claiming = claimToken({ store, clock, logger: silentLogger }, never());
    const ended = vi.fn();
    claiming.catch(ended);
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(ended).toHaveBeenCalled();
    }, POLLING);
    await expect(claiming).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
    expect(clock.monotonicMs() - began).toBeGreaterThanOrEqual(30_000);
  });

  it('is refused for a path that is none, which is not readable either', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-claim-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'state'), 'not a folder');
    const store = new FileCheckpointStore({ path: join(folder, 'state', 'checkpoint.json') });
    const clock = new FakeClock();
    const claiming = claimToken({ store, clock, logger: silentLogger }, never());
    const ended = vi.fn();
    claiming.catch(ended);
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(ended).toHaveBeenCalled();
    }, POLLING);
    await expect(claiming).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
  });

  it('survives a server that refuses writes for less than 30 s, as a replica does that becomes the primary', async () => {
    const store = new MemoryCheckpointStore();
    const claim = store.claim.bind(store);
    const clock = new FakeClock();
    const primaryAt = clock.monotonicMs() + 29_000;
    const refused = vi.fn(() =>
      clock.monotonicMs() < primaryAt ? Promise.reject(new SluiceError('CHECKPOINT_UNAVAILABLE', 'READONLY')) : claim(),
    );
    store.claim = refused;
    const claiming = claimToken({ store, clock, logger: silentLogger }, never());
    const ended = vi.fn();
    claiming.then(ended, ended);
    await vi.waitFor(() => {
      clock.advance(500);
      expect(ended).toHaveBeenCalled();
    }, POLLING);
    expect(await claiming).toBe(1);
    expect(refused.mock.calls.length).toBeGreaterThan(3);
  });

  it('does not hold up a stop while it does not answer', async () => {
    const store = new MemoryCheckpointStore();
    store.claim = () => new Promise(() => undefined);
    const stop = new AbortController();
    const claiming = claimToken({ store, clock: new FakeClock(), logger: silentLogger }, stop.signal);
    stop.abort(new Error('SIGTERM'));
    await expect(claiming).rejects.toThrow('SIGTERM');
  });
});

describe('tasks under a lease', () => {
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

  it('begin when it is held, and are told to stop with LEASE_LOST when it is lost', async () => {
    const place = { holder: null, waiting: new Set<MemoryLease>() };
    const [other, lease] = [new MemoryLease(place), new MemoryLease(place)];
    await other.acquire(never());
    const task = vi.fn(untilAborted);
    const running = underLease(lease, [task], never());
    await vi.waitFor(() => expect(lease.isStandby()).toBe(true));
    expect(task).not.toHaveBeenCalled();
    await other.close();
    await vi.waitFor(() => expect(task).toHaveBeenCalledOnce());
    lease.lose();
    await expect(running).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('never begin when the stop comes before the lease, which is no error', async () => {
    const place = { holder: null, waiting: new Set<MemoryLease>() };
    const [other, lease] = [new MemoryLease(place), new MemoryLease(place)];
    await other.acquire(never());
    const stop = new AbortController();
    const task = vi.fn(untilAborted);
    const running = underLease(lease, [task], stop.signal);
    stop.abort(new Error('SIGTERM'));
    await running;
    expect(task).not.toHaveBeenCalled();
  });
});
