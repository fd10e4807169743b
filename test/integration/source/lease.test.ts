import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Logger } from '../../../src/runtime/logger.ts';
import { lockName } from '../../../src/source/lease-lock.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { addressOf, uniqueName } from './fixture.ts';
import { openLease } from './lease-harness.ts';

const WITHIN = { timeout: 15_000, interval: 20 };
const never = (): AbortSignal => new AbortController().signal;

/** Somebody who looks, and kills. */
async function onlooker({ host, port, user, password }: MysqlAddress, name: string) {
  const connection = await createConnection({ host, port, user, password });
  onTestFinished(() => connection.end());
  const holder = async (): Promise<unknown> => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT IS_USED_LOCK(?) AS id', [lockName(name)]);
    return rows[0]?.['id'];
  };
  return { holder, kill: async () => connection.query('KILL ?', [await holder()]) };
}

/** A logger that keeps its warnings. */
function warned(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = [];
  const warn = (fields: object, text: string): void => void warnings.push(`${text}: ${JSON.stringify(fields)}`);
  return { logger: { info: () => undefined, warn } as unknown as Logger, warnings };
}

describe.each(['mysql', 'mariadb'] as const)('the lease on %s', (server) => {
  it('goes to the standby within ten seconds when the link of the holder stalls, and the holder is the first to know', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const proxy = await TcpProxy.open(address);
    const { lease: first } = openLease({ ...address, host: proxy.host, port: proxy.port }, name);
    const { lease: second } = openLease(address, name);
    onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
    await first.acquire(never());
    const waiting = second.acquire(never());
    await vi.waitFor(() => expect(second.isStandby()).toBe(true), WITHIN);
    const stalledAt = performance.now();
    proxy.stall();
    let overlap = false;
    const watch = setInterval(() => (overlap ||= first.isHeld() && second.isHeld()), 1);
    await waiting;
    clearInterval(watch);
    const tookMs = performance.now() - stalledAt;
    console.info(`${server}: the standby has the lease ${Math.round(tookMs)} ms after the stall`);
    expect(tookMs).toBeLessThan(10_000);
    expect(overlap).toBe(false);
    proxy.heal();
    await vi.waitFor(() => expect(first.lost.aborted).toBe(true), WITHIN);
    expect(first.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
  }, 40_000);

  it('is taken back from our own dead connection when nobody else wants it', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const proxy = await TcpProxy.open(address);
    const { lease } = openLease({ ...address, host: proxy.host, port: proxy.port }, name);
    onTestFinished(() => lease.close());
    await lease.acquire(never());
    const { holder } = await onlooker(address, name);
    const before = await holder();
    proxy.stall();
    await vi.waitFor(() => expect(lease.isHeld()).toBe(false), WITHIN);
    // The server still believes in the old connection.
    expect(await holder()).toBe(before);
    proxy.heal();
    await lease.acquire(never());
    expect(lease.lost.aborted).toBe(false);
    expect(await holder()).not.toBe(before);
  }, 40_000);

  it('goes to the standby at once when the session of the holder is killed', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const { lease: first } = openLease(address, name);
    const { lease: second, metrics } = openLease(address, name);
    onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
    await first.acquire(never());
    const waiting = second.acquire(never());
    await vi.waitFor(() => expect(second.isStandby()).toBe(true), WITHIN);
    expect(await metrics.text()).toContain(`sluice_lease_held{daemon="${name}"} 0`);
    const killedAt = performance.now();
    await (await onlooker(address, name)).kill();
    await waiting;
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    await vi.waitFor(() => expect(first.lost.aborted).toBe(true), WITHIN);
    expect(await metrics.text()).toContain(`sluice_lease_held{daemon="${name}"} 1`);
  }, 20_000);

  it('is kept by confirmations for longer than the server waits for a silent session', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const { lease } = openLease(address, name, { timeoutMs: 2_000 });
    onTestFinished(() => lease.close());
    await lease.acquire(never());
    const { holder } = await onlooker(address, name);
    const before = await holder();
    const until = performance.now() + 4_500;
    await vi.waitFor(() => {
      expect(lease.isHeld()).toBe(true);
      expect(performance.now()).toBeGreaterThan(until);
    }, WITHIN);
    expect(await holder()).toBe(before);
  }, 20_000);

  it('is given up within two seconds although the source does not answer the last question', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const proxy = await TcpProxy.open(address);
    const asked: number[] = [];
    // Ends when the time to confirm has come: the question behind it goes into the void.
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
      await systemClock.sleep(ms, signal);
      asked.push(ms);
    };
    const through = { ...address, host: proxy.host, port: proxy.port };
    const { lease } = openLease(through, name, { clock: { ...systemClock, sleep } });
    await lease.acquire(never());
    proxy.stall();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), WITHIN);
    const began = performance.now();
    await lease.close();
    expect(performance.now() - began).toBeLessThan(2_000);
  }, 40_000);

  it('is not held because an earlier connection was found to be alone', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const answers: (() => void)[] = [];
    const verify = (): Promise<void> => new Promise((resolve) => void answers.push(resolve));
    const { lease } = openLease(address, name, { verify });
    onTestFinished(() => lease.close());
    await lease.acquire(never());
    const { holder, kill } = await onlooker(address, name);
    for (const asked of [1, 2]) {
      await vi.waitFor(async () => expect(await holder()).not.toBeNull(), WITHIN);
      await kill();
      await vi.waitFor(() => expect(answers).toHaveLength(asked), WITHIN);
    }
    answers[0]?.();
    await new Promise(setImmediate);
    expect(lease.isHeld()).toBe(false);
    answers[1]?.();
    await lease.acquire(never());
  }, 20_000);

  it('says what it waits for when the store does not answer whether it is alone, and asks again', async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    const { logger, warnings } = warned();
    const answers: (() => void)[] = [];
    const verify = (): Promise<void> => new Promise((resolve) => void answers.push(resolve));
    const sleep = (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(Math.min(ms, 1_000), signal);
    const { lease } = openLease(address, name, { verify, logger, clock: { ...systemClock, sleep } });
    onTestFinished(() => lease.close());
    await lease.acquire(never());
    await (await onlooker(address, name)).kill();
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(1), WITHIN);
    expect(lease.isHeld()).toBe(false);
    expect(warnings.join()).toContain('no answer of the checkpoint store for 10 s');
    answers.at(-1)?.();
    await lease.acquire(never());
  }, 20_000);

  it('says so when the source confirms it too late', async () => {
    const address = await addressOf(server);
    const { logger, warnings } = warned();
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => performance.now() + aheadMs };
    const { lease } = openLease(address, uniqueName('lease'), { logger, clock });
    onTestFinished(() => lease.close());
    await lease.acquire(never());
    aheadMs = 4_500;
    expect(lease.isHeld()).toBe(false);
    await lease.acquire(never());
    expect(warnings.join()).toContain('the lease was not confirmed in time');
  });

  it('takes a daemon of a long name, and tells two of them apart', async () => {
    const address = await addressOf(server);
    const long = uniqueName('lease').padEnd(99, 'x');
    const [first, second] = [openLease(address, `${long}a`).lease, openLease(address, `${long}b`).lease];
    onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
    await Promise.all([first.acquire(never()), second.acquire(never())]);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, true]);
  });
});
