import type { PoolConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { ReadVisibility } from '../../../src/source/read-visibility.ts';

const GTID = '3e11fa47-71ca-11e1-9e33-c80aa9429562:7';

/** A connection that a pool gives out: a new wrapper each time, around one of the servers behind the address. */
function server(isLate: () => boolean) {
  let waits = 0;
  const connection = {};
  const query = (): Promise<unknown> => {
    waits++;
    return Promise.resolve([[{ late: isLate() ? 1 : 0 }]]);
  };
  return {
    given: () => ({ connection, query }) as unknown as PoolConnection,
    get waits() {
      return waits;
    },
  };
}

it('remembers for each connection by itself what is visible: behind one address there may be several replicas', async () => {
  const visibility = new ReadVisibility();
  const [ahead, behind] = [server(() => false), server(() => true)];
  const read = (connection: PoolConnection): Promise<string> =>
    visibility.read(connection, { gtid: GTID, timeoutMs: 10 }, (_, seen) => Promise.resolve(seen));
  expect(await read(ahead.given())).toBe('visible');
  expect(await read(ahead.given())).toBe('visible');
  expect(ahead.waits).toBe(1);
  await expect(read(behind.given())).rejects.toThrow(/not visible here/);
});
