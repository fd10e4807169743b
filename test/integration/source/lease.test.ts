import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
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

  it('takes a daemon of a long name, and tells two of them apart', async () => {
    const address = await addressOf(server);
    const long = uniqueName('lease').padEnd(99, 'x');
    const [first, second] = [openLease(address, `${long}a`).lease, openLease(address, `${long}b`).lease];
    onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
    await Promise.all([first.acquire(never()), second.acquire(never())]);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, true]);
  });
});
