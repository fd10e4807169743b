import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { probeCommands } from '../../../src/cache/redis-probe.ts';
import type { Problem } from '../../../src/runtime/errors.ts';

/** Whatever is asked of the server, it answers this. */
function probe(answer: string): Promise<Problem[]> {
  const refuse = (): Promise<never> => Promise.reject(new Error(answer));
  const client = new Proxy({}, { get: () => refuse }) as Redis;
  return probeCommands(client, { key: 'sluice:preflight:x', user: 'app' });
}

it.each(['ASK 1 127.0.0.1:7001', 'MOVED 1 127.0.0.1:7001', 'TRYAGAIN Multiple keys request during rehashing of slot'])(
  'a slot that moves while a daemon starts is nobody’s fault: %s',
  async (answer) => expect(await probe(answer)).toEqual([]),
);

it('a cluster that is down is waited for like a server that is away', async () => {
  expect(await probe('CLUSTERDOWN The cluster is down')).toMatchObject([{ temporary: true }]);
  const [other] = await probe('MISCONF Errors writing to the AOF file');
  expect(other).toMatchObject({ message: expect.stringContaining('MISCONF') as string });
  expect(other?.temporary).toBeUndefined();
});
