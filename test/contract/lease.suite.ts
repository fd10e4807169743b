import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Lease } from '../../src/ports.ts';
import { SluiceError } from '../../src/runtime/errors.ts';

/** One process's lease, and what may happen to it. */
export interface LeaseOfProcess {
  readonly lease: Lease;
  /** Its connection to whoever decides breaks; it may connect again. */
  readonly cut: () => Promise<void>;
}

/** A name that nobody used before. */
export interface LeaseHarness {
  /** Another process of that name. The suite closes its lease. `verify` is asked before a regained lease counts. */
  open(verify?: () => Promise<void>): LeaseOfProcess;
}

const WITHIN = { timeout: 15_000, interval: 20 };

/** The promises of the Lease port. */
export function describeLease(name: string, create: () => Promise<LeaseHarness>): void {
  const start = async () => {
    const harness = await create();
    const open = (verify?: () => Promise<void>): LeaseOfProcess => {
      const opened = harness.open(verify);
      onTestFinished(() => opened.lease.close());
      return opened;
    };
    return { open };
  };
  const never = (): AbortSignal => new AbortController().signal;

  describe(`${name} as a Lease`, () => {
    test('has one holder; the others stand by', async () => {
      const { open } = await start();
      const [first, second] = [open().lease, open().lease];
      expect(first.isHeld()).toBe(false);
      await first.acquire(never());
      const waiting = second.acquire(never());
      await vi.waitFor(() => expect(second.isStandby()).toBe(true), WITHIN);
      expect([first.isHeld(), second.isHeld(), first.isStandby()]).toEqual([true, false, false]);
      await first.acquire(never());
      await first.close();
      await waiting;
      expect([first.isHeld(), second.isHeld(), second.isStandby()]).toEqual([false, true, false]);
      expect(second.lost.aborted).toBe(false);
    });

    test('lets a wait be aborted, with the reason of the signal, and may be asked again', async () => {
      const { open } = await start();
      const [first, second] = [open().lease, open().lease];
      await first.acquire(never());
      const stop = new AbortController();
      const waiting = second.acquire(stop.signal);
      const reason = new Error('the test is over');
      stop.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await first.close();
      await second.acquire(never());
      expect(second.isHeld()).toBe(true);
    });

    test('is held again after a lost connection, once it is verified that nobody else has worked', async () => {
      const { open } = await start();
      let verified = (): void => undefined;
      let asked = 0;
      const { lease, cut } = open(() => {
        asked++;
        return new Promise((resolve) => (verified = resolve));
      });
      await lease.acquire(never());
      expect(asked).toBe(0);
      await cut();
      await vi.waitFor(() => expect(asked).toBe(1), WITHIN);
      expect(lease.isHeld()).toBe(false);
      const again = lease.acquire(never());
      verified();
      await again;
      expect([lease.isHeld(), lease.lost.aborted]).toEqual([true, false]);
    });

    test('is lost for good when another process has it after a lost connection', async () => {
      const { open } = await start();
      const [first, second] = [open(), open()];
      await first.lease.acquire(never());
      const waiting = second.lease.acquire(never());
      await vi.waitFor(() => expect(second.lease.isStandby()).toBe(true), WITHIN);
      await first.cut();
      await waiting;
      await vi.waitFor(() => expect(first.lease.lost.aborted).toBe(true), WITHIN);
      expect(first.lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
      expect(first.lease.isHeld()).toBe(false);
      await expect(first.lease.acquire(never())).rejects.toMatchObject({ code: 'LEASE_LOST' });
      expect(second.lease.isHeld()).toBe(true);
    });

    test('is lost for good when another process has had it meanwhile', async () => {
      const { open } = await start();
      const { lease, cut } = open(() => Promise.reject(new SluiceError('LEASE_LOST', 'token 2 was claimed')));
      await lease.acquire(never());
      await cut();
      await vi.waitFor(() => expect(lease.lost.aborted).toBe(true), WITHIN);
      expect(lease.isHeld()).toBe(false);
    });

    test('may be closed twice, and before it was asked for', async () => {
      const { open } = await start();
      const { lease } = open();
      await lease.close();
      await lease.close();
      expect(lease.isHeld()).toBe(false);
    });
  });
}
