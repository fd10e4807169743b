import { expect, it } from 'vitest';
import { leaseProblems } from '../../../src/source/preflight-lease.ts';

it('names a source that refuses user locks, and what to do', async () => {
  expect(await leaseProblems({ query: () => Promise.resolve([]) })).toEqual([]);
  const refused = new Error('Percona-XtraDB-Cluster prohibits use of GET_LOCK with pxc_strict_mode = ENFORCING');
  const [problem] = await leaseProblems({ query: () => Promise.reject(refused) });
  expect(problem?.message).toContain(refused.message);
  expect(problem?.remedy).toContain('lease.enabled: false');
});
