import { expect, it } from 'vitest';
import { difference } from '../../../src/live-rules/difference.ts';
import { LivePlans } from '../../../src/live-rules/plans.ts';
import { CoalescingQueue } from '../../../src/live-rules/queue.ts';
import type { RefreshInvalidation, RefreshPlan, RefreshPlans } from '../../../src/model/invalidation.ts';
import type { RuleSet } from '../../../src/rules/rule-set.ts';
import { batchOf, ORIGIN, refreshOf } from '../../support/invalidations.ts';
import { rulesOf } from '../../support/rules.ts';
import { workerHarness } from '../../support/worker-harness.ts';

const plan = (ttlMs: number): RefreshPlan => ({
  rule: 'card',
  from: { kind: 'row' },
  store: 'json',
  ttlMs,
  jitter: 0,
  empty: null,
});
const setOf = (hash: string, ttlMs: number | null): { hash: string; plans: RefreshPlans } => ({
  hash,
  plans: ttlMs === null ? new Map() : new Map([['card', { update: plan(ttlMs) }]]),
});
const refreshBy = (ruleSet: string): RefreshInvalidation =>
  ({ rule: 'card', action: 'refresh', origin: { ruleSet, operation: 'update' } }) as RefreshInvalidation;

it('finds the plan of the set that made a refresh, also when the rule is gone or another now', () => {
  const plans = new LivePlans(setOf('a', 1));
  plans.add(setOf('b', 2));
  plans.add(setOf('c', null));
  expect(['a', 'b', 'c'].map((hash) => plans.of(refreshBy(hash))?.ttlMs)).toEqual([1, 2, undefined]);
});

it('takes the rules in force for a set that it does not know', () => {
  const plans = new LivePlans(setOf('a', 1));
  plans.add(setOf('b', 2));
  expect(plans.of(refreshBy('of another capture'))?.ttlMs).toBe(2);
  expect(plans.of(refreshBy(''))?.ttlMs).toBe(2);
});

it('keeps the last four sets, and a set that comes back counts as new', () => {
  const plans = new LivePlans(setOf('a', 1));
  for (const [hash, ttlMs] of [
    ['b', 2],
    ['c', 3],
    ['a', 1],
    ['d', 4],
    ['e', 5],
  ] as const)
    plans.add(setOf(hash, ttlMs));
  // b was used longest ago; the set in force, e, answers for it.
  expect(['a', 'b', 'c', 'd', 'e'].map((hash) => plans.of(refreshBy(hash))?.ttlMs)).toEqual([1, 5, 3, 4, 5]);
});

it('goes on after a run that failed, and tells those who waited for it', async () => {
  const queue = new CoalescingQueue<string>();
  const broken = queue.run(() => Promise.reject(new Error('broken')));
  await expect(broken).rejects.toThrow('broken');
  expect(await queue.run(() => Promise.resolve('fine'))).toBe('fine');
});

const textOf = (rules: readonly object[]): RuleSet => rulesOf(JSON.stringify({ rules }));

it('names the rules that were added, removed and changed, and not those that only stand elsewhere', () => {
  const rule = (name: string, more: object = {}) => ({
    name,
    table: '/^shop\\.products_\\d+$/',
    keys: [`${name}:{id}`],
    action: 'delete',
    ...more,
  });
  const before = textOf([
    rule('stays'),
    rule('goes'),
    rule('table'),
    rule('key'),
    rule('when', { when: "op == 'insert'" }),
  ]);
  const after = textOf([
    rule('comes'),
    rule('table', { table: '/^shop\\.orders_\\d+$/' }),
    rule('stays'),
    rule('key', { keys: ['other:{id}'] }),
    rule('when', { when: "op == 'delete'" }),
  ]);
  expect(difference(before, after)).toEqual({ added: ['comes'], removed: ['goes'], changed: ['table', 'key', 'when'] });
});

it('gives a worker the plan under which a waiting refresh was made', async () => {
  const plans = new LivePlans(setOf('a', 1_000));
  const { worker, cache, signal } = workerHarness({ plans: (invalidation) => plans.of(invalidation) });
  plans.add(setOf('b', null));
  const made = (ruleSet: string) => ({ origin: { ...ORIGIN, ruleSet } });
  const batch = batchOf(refreshOf('card:1', 1, { id: 1 }, made('a')), refreshOf('card:2', 2, { id: 2 }, made('b')));
  await worker.handle(batch, signal);
  expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
});
