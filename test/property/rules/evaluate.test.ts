import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Change, Row, Transaction } from '../../../src/model/row-change.ts';
import type { Evaluation } from '../../../src/rules/evaluate/evaluation.ts';
import { brief, makeTableChange, makeTransaction, TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';
import { asRuleFile, COLUMNS, images, naiveKeys, naiveRules } from './naive-rules.ts';

// Thousands of cases take a second; on a machine that is busy with other suites, more.
vi.setConfig({ testTimeout: 60_000 });

const TABLE = makeTable('shop', 't', COLUMNS, { primaryKey: ['a'] });

/** Changes of several transactions in a row; table changes are transactions of their own. */
const changes: fc.Arbitrary<Change[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.array(images, { minLength: 1, maxLength: 6 }) },
      { weight: 1, arbitrary: fc.constantFrom('truncate' as const, 'alter' as const) },
    ),
    { maxLength: 6 },
  )
  .map((transactions) => {
    let version = 0;
    return transactions.flatMap((each): Change[] => {
      if (typeof each === 'string') return [makeTableChange(each, 'shop', 't', ++version)];
      const transaction = makeTransaction(`gtid-${version}`);
      return each.map(([before, after]) => changeOf(before, after, ++version, transaction));
    });
  });

function changeOf(before: Row | null, after: Row | null, version: number, transaction: Transaction): Change {
  return { ...makeChange(TABLE, before, after, version), transaction };
}

/** The changes in batches that are cut at these places, in the middle of transactions too. */
function cut(all: readonly Change[], places: readonly number[]): { changes: Change[]; ends: boolean }[] {
  const at = [...new Set(places.map((place) => place % (all.length + 1)))].sort((a, b) => a - b);
  return [...at, all.length].map((to, i) => {
    const part = all.slice(at[i - 1] ?? 0, to);
    const ends = part.at(-1)?.transaction !== all[to]?.transaction;
    return { changes: part, ends };
  });
}

function shown({ invalidations, letters }: Evaluation): string[] {
  return [
    ...invalidations.map((each) => `${each.rule} ${each.version} ${brief(each)}`),
    ...letters.map(
      ({ reason, item }) => `letter ${item.kind === 'unmapped' ? `${item.rule} ${item.version}` : ''} ${reason}`,
    ),
  ];
}

/** Everything that comes out of the changes, cut like this; letters apart, which stand in no order with the others. */
function runAll(evaluator: TestEvaluator, batches: ReturnType<typeof cut>): { found: string[]; epochs: unknown } {
  const found = batches.flatMap((batch) => shown(evaluator.run(batch.changes, { ends: batch.ends })));
  return { found: found.sort(), epochs: [...evaluator.epochs] };
}

describe('evaluating rules', () => {
  it('equals the naive reading of the rules', () => {
    fc.assert(
      fc.property(naiveRules, fc.array(images, { maxLength: 5 }), (rules, rows) => {
        const evaluator = new TestEvaluator(asRuleFile(rules));
        for (const [before, after] of rows) {
          const change = makeChange(TABLE, before, after);
          const { invalidations, letters } = evaluator.run([change]);
          const naive = naiveKeys(rules, change);
          expect(invalidations.map(({ rule, key }) => `${rule} ${key}`)).toEqual(
            naive.filter((each) => !each.endsWith('!')),
          );
          expect(letters.map(({ item }) => (item.kind === 'unmapped' ? `${item.rule} !` : ''))).toEqual(
            naive.filter((each) => each.endsWith('!')),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same wherever the batches are cut, large transactions and table changes included', () => {
    fc.assert(
      fc.property(
        naiveRules,
        changes,
        fc.array(fc.nat()),
        fc.constantFrom('flush', 'epoch'),
        (rules, all, places, reaction) => {
          const text = asRuleFile(rules, { flush_above_rows: 2, table_changes: reaction }, '{@epoch}:');
          const whole = runAll(new TestEvaluator(text), cut(all, []));
          const parts = runAll(new TestEvaluator(text), cut(all, places));
          expect(parts).toEqual(whole);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is the same again after a restart from any transaction end, epochs included', () => {
    fc.assert(
      fc.property(naiveRules, changes, fc.nat(), (rules, all, place) => {
        const text = asRuleFile(rules, { flush_above_rows: 2, table_changes: 'epoch' }, '{@epoch}:');
        const ends = [0, ...all.keys()].filter((i) => all[i - 1]?.transaction !== all[i]?.transaction);
        const restart = ends[place % ends.length] ?? 0;
        const first = new TestEvaluator(text);
        first.run(all.slice(0, restart));
        const again = new TestEvaluator(text);
        // The checkpoint.
        again.epochs = first.epochs;
        const rest = cut(all.slice(restart), []);
        expect(runAll(again, rest)).toEqual(runAll(first, rest));
      }),
      { numRuns: 1000 },
    );
  });
});
