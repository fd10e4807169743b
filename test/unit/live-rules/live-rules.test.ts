import { describe, expect, it, vi } from 'vitest';
import { LiveRules, type LiveRulesOptions, type LoadedRules } from '../../../src/live-rules/live-rules.ts';
import type { RuleSet } from '../../../src/rules/rule-set.ts';
import { ProblemsError, type Problem } from '../../../src/runtime/errors.ts';
import { silentLogger, type Logger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ORIGIN, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { rulesOf } from '../../support/rules.ts';
import { metricLines } from '../../support/worker-harness.ts';

const careful: Problem = { message: 'a wide pattern', remedy: 'Narrow it.' };

const setOf = (hash: string, names: readonly string[] = ['product']): RuleSet =>
  ({
    hash,
    rules: names.map((name) => ({ name, keys: [], versioned: [] })),
    refreshed: [],
    plans: new Map(),
    mentions: [],
    warnings: [careful],
  }) as unknown as RuleSet;
const loadedOf = (hash: string, names?: readonly string[]): LoadedRules => ({
  ruleSet: setOf(hash, names),
  files: ['rules.yaml'],
});
const wrong: Problem = { file: 'rules.yaml', line: 3, column: 5, message: 'no such filter', remedy: 'Use lower.' };
const away: Problem = { message: 'db:3306 does not answer', remedy: 'Look at it.', temporary: true };

/** A holder of set A; what the files hold and what the servers say is changed by the test. */
function harness() {
  const clock = new FakeClock();
  const metrics = new Metrics();
  const stop = new AbortController();
  const disk = { read: (): LoadedRules => loadedOf('a'), reads: 0 };
  const servers = { check: (): Promise<readonly Problem[]> => Promise.resolve([]) };
  const log: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const note =
    (level: string) =>
    (fields: Record<string, unknown>, message: string): void =>
      void log.push({ level, fields, message });
  const warnings: string[] = [];
  const options: LiveRulesOptions = {
    initial: loadedOf('a'),
    load: () => {
      disk.reads++;
      return disk.read();
    },
    checkLive: () => servers.check(),
    signal: stop.signal,
    clock,
    metrics,
    logger: Object.assign(Object.create(silentLogger) as Logger, {
      info: note('info'),
      error: note('error'),
      warn: (text: string) => void warnings.push(text),
    }),
  };
  return { rules: new LiveRules(options), clock, metrics, stop, disk, servers, log, warnings };
}

/** A promise that the test resolves. */
function later<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

const refuse = (...problems: Problem[]) => {
  throw new ProblemsError('CONFIG_INVALID', problems);
};

describe('reloading the rules', () => {
  it('swaps the whole set once files and servers are fine with it, and tells what changed', async () => {
    const { rules, disk, log, warnings, metrics } = harness();
    disk.read = () => loadedOf('b', ['product', 'card']);
    expect(await rules.reload('signal')).toEqual({ outcome: 'swapped', hash: 'b', problems: [] });
    expect(rules.current.hash).toBe('b');
    expect(rules.generation).toBe(2);
    expect(log).toEqual([
      {
        level: 'info',
        fields: { trigger: 'signal', rules: 'b', before: 'a', added: ['card'], removed: [], changed: [] },
        message: 'rules reloaded',
      },
    ]);
    expect(warnings).toEqual(['a wide pattern\n    remedy: Narrow it.']);
    expect(await metricLines(metrics, 'sluice_rule_reloads_total')).toContain('{outcome="swapped"} 1');
  });

  it('knows the refresh plans of the new set, and still those of the old one', async () => {
    const { rules, disk } = harness();
    const plan = planOf();
    disk.read = () => ({ ruleSet: { ...setOf('b'), plans: plansOf(plan) }, files: [] });
    const made = (ruleSet: string) => refreshOf('card:1', 1, { id: 1 }, { origin: { ...ORIGIN, ruleSet } });
    expect(rules.planOf(made('b'))).toBeUndefined();
    await rules.reload('signal');
    expect(rules.planOf(made('b'))).toBe(plan);
    expect(rules.planOf(made('a'))).toBeUndefined();
  });

  it('leaves the versions of keys that any earlier set refreshed, and of no others', async () => {
    const { rules, disk } = harness();
    const reload = async (hash: string, ...lines: readonly string[]): Promise<unknown> => {
      const ruleSet = { ...rulesOf(['rules:', ...lines].join('\n')), hash };
      disk.read = () => ({ ruleSet, files: ['rules.yaml'] });
      await rules.reload('signal');
      return rules.current.rules.map(({ versioned }) => versioned);
    };
    const other = '  - {name: other, table: a.b, keys: ["other:{id}"], action: delete}';
    const deletes = ['  - {name: card, table: a.b, keys: ["card:{id}", "top"], action: delete}', other];
    expect(await reload('plain', ...deletes)).toEqual([[false, false], [false]]);
    await reload('refresh', '  - {name: card, table: a.b, keys: ["card:{id}"], action: {refresh: {row: true}}}', other);
    expect(await reload('delete', ...deletes)).toEqual([[true, false], [false]]);
    expect(await reload('once more', ...deletes)).toEqual([[true, false], [false]]);
  });

  it('keeps the old set while the servers are still asked', async () => {
    const { rules, disk, servers } = harness();
    const answer = later<readonly Problem[]>();
    servers.check = () => answer.promise;
    disk.read = () => loadedOf('b');
    const reload = rules.reload('file');
    await vi.waitFor(() => expect(disk.reads).toBe(1));
    expect(rules.current.hash).toBe('a');
    answer.resolve([]);
    await reload;
    expect(rules.current.hash).toBe('b');
  });

  it.each([
    ['a file is wrong', { read: () => refuse(wrong), check: () => Promise.resolve([]) }],
    ['a server refuses', { read: () => loadedOf('b'), check: () => Promise.resolve([wrong]) }],
  ])('keeps the old set when %s, and says every problem', async (_what, { read, check }) => {
    const { rules, disk, servers, log, metrics } = harness();
    disk.read = read;
    servers.check = check;
    const before = rules.current;
    expect(await rules.reload('request')).toEqual({ outcome: 'refused', hash: 'a', problems: [wrong] });
    expect(rules.current).toBe(before);
    expect(rules.generation).toBe(1);
    expect(rules.refusal?.problems).toEqual([wrong]);
    expect(log[0]?.level).toBe('error');
    expect(log[0]?.fields['problems']).toEqual(['rules.yaml:3:5: no such filter\n    remedy: Use lower.']);
    expect(await metrics.value('sluice_rules_reload_failed', {})).toBe(1);
    expect(await metricLines(metrics, 'sluice_rule_reloads_total')).toContain('{outcome="refused"} 1');
  });

  it('keeps the old set and goes on when something fails that nobody foresaw', async () => {
    const { rules, disk } = harness();
    disk.read = () => {
      throw new TypeError('bug');
    };
    const result = await rules.reload('signal');
    expect(result.outcome).toBe('refused');
    expect(result.problems[0]?.message).toContain('bug');
    disk.read = () => loadedOf('b');
    expect((await rules.reload('signal')).outcome).toBe('swapped');
  });

  it('swaps nothing and asks no server when the files mean the same, and ends a refusal so', async () => {
    const { rules, disk, servers, metrics } = harness();
    disk.read = () => refuse(wrong);
    await rules.reload('file');
    disk.read = () => loadedOf('a');
    servers.check = () => Promise.reject(new Error('must not be asked'));
    const before = rules.current;
    expect(await rules.reload('file')).toEqual({ outcome: 'unchanged', hash: 'a', problems: [] });
    expect(rules.current).toBe(before);
    expect(rules.refusal).toBeNull();
    expect(await metrics.value('sluice_rules_reload_failed', {})).toBe(0);
  });

  it('runs one after another, and gives all who ask meanwhile the result of one more', async () => {
    const { rules, disk, servers } = harness();
    const first = later<readonly Problem[]>();
    let testing = 0;
    servers.check = async () => {
      expect(++testing).toBe(1);
      const problems = await first.promise;
      testing--;
      return problems;
    };
    disk.read = () => loadedOf('b');
    const one = rules.reload('signal');
    await vi.waitFor(() => expect(testing).toBe(1));
    disk.read = () => loadedOf('c');
    const others = [rules.reload('file'), rules.reload('request'), rules.reload('signal')];
    first.resolve([]);
    expect((await one).hash).toBe('b');
    expect((await Promise.all(others)).map(({ hash }) => hash)).toEqual(['c', 'c', 'c']);
    expect(disk.reads).toBe(2);
  });

  it('tries again by itself while only a server is away, and stays silent about the same problem', async () => {
    const { rules, disk, servers, clock, log } = harness();
    disk.read = () => loadedOf('b');
    servers.check = () => Promise.resolve([away]);
    expect((await rules.reload('file')).outcome).toBe('refused');
    clock.advance(10_000);
    await vi.waitFor(() => expect(disk.reads).toBe(2));
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    expect(log).toHaveLength(1);
    servers.check = () => Promise.resolve([]);
    clock.advance(10_000);
    await vi.waitFor(() => expect(rules.current.hash).toBe('b'));
  });

  it('does not try again what only a person can mend', async () => {
    const { rules, disk, servers, clock } = harness();
    disk.read = () => loadedOf('b');
    servers.check = () => Promise.resolve([away, wrong]);
    await rules.reload('file');
    expect(clock.sleeping).toBe(0);
  });

  it('counts servers that stay silent as away', async () => {
    const { rules, disk, servers, clock } = harness();
    disk.read = () => loadedOf('b');
    servers.check = () => new Promise(() => undefined);
    const reload = rules.reload('file');
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    clock.advance(30_000);
    const result = await reload;
    expect(result).toMatchObject({ outcome: 'refused', hash: 'a', problems: [{ temporary: true }] });
  });

  it('swaps nothing any more once the daemon stops', async () => {
    const { rules, disk, servers, stop } = harness();
    const answer = later<readonly Problem[]>();
    servers.check = () => answer.promise;
    disk.read = () => loadedOf('b');
    const reload = rules.reload('request');
    await vi.waitFor(() => expect(disk.reads).toBe(1));
    stop.abort(new Error('stopped by SIGTERM'));
    answer.resolve([]);
    expect(await reload).toMatchObject({ outcome: 'refused', hash: 'a' });
    expect(rules.current.hash).toBe('a');
  });

  it('describes what is in force and how the last reload went', async () => {
    const { rules, disk } = harness();
    disk.read = () => refuse(wrong);
    await rules.reload('signal');
    expect(rules.describe()).toEqual({
      hash: 'a',
      generation: 1,
      loaded_at: '2023-11-14T22:13:20.000Z',
      files: ['rules.yaml'],
      rules: ['product'],
      last_reload: {
        outcome: 'refused',
        hash: 'a',
        problems: [wrong],
        trigger: 'signal',
        at: '2023-11-14T22:13:20.000Z',
      },
    });
  });
});

describe('a pipeline that follows the rules', () => {
  it('builds once per set, takes a new one only when it asks, and shows its hash alone', async () => {
    const { rules, disk, metrics } = harness();
    const build = vi.fn(({ hash }: RuleSet) => ({ hash }));
    const evaluator = rules.follow('shop.main', build);
    const old = evaluator();
    expect(evaluator()).toBe(old);
    disk.read = () => loadedOf('b');
    await rules.reload('signal');
    expect(await metricLines(metrics, 'sluice_rules_info')).toEqual(['{pipeline="shop.main",hash="a"} 1']);
    expect(evaluator().hash).toBe('b');
    expect(evaluator()).toBe(evaluator());
    expect(build).toHaveBeenCalledTimes(2);
    expect(await metricLines(metrics, 'sluice_rules_info')).toEqual(['{pipeline="shop.main",hash="b"} 1']);
  });
});
