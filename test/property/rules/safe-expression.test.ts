import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { TABLE_NAME_USE, unsafeExpression } from '../../../src/rules/table/safe-expression.ts';

vi.setConfig({ testTimeout: 120_000 });

const atom = fc.constantFrom('a', 'b', '_', '.', '[ab]', '\\w', '[^b]', 'ab', '');
const quantifier = fc.constantFrom('*', '+', '?', '{2}', '{0,3}', '{2,}', '*?', '{12}', '{0,20}');
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    atom,
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => a + b),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('expression'), quantifier).map(([a, q]) => `(${a})${q}`),
    fc.tuple(atom.filter(Boolean), quantifier).map(([a, q]) => `(?:${a})${q}`),
    tie('expression').map((inside) => `(?=${inside})`),
  ),
}));

const LETTERS = ['a', 'b', '_', '1'];
const PUMPS = LETTERS.flatMap((x) => [x, ...LETTERS.flatMap((y) => [x + y, ...LETTERS.map((z) => x + y + z)])]);

/** 129 characters: a beginning, something repeated, and an end that lets the whole fail. */
const ATTACKS = [...new Set(PUMPS)].flatMap((pump) =>
  ['', 'a', 'b_'].map((begin) => `${(begin + pump.repeat(129)).slice(0, 128)}.`),
);

/** True if all attacks were answered in time. An expression runs until the end, so only another context can stop it. */
function answers(source: string, timeoutMs: number): boolean {
  const context = createContext({ expression: new RegExp(`^(?:${source})$`), attacks: ATTACKS });
  try {
    runInContext('for (const attack of attacks) expression.test(attack)', context, { timeout: timeoutMs });
    return true;
  } catch {
    return false;
  }
}

it('an evil expression does not answer the attacks in time, so this test can fail', () => {
  for (const evil of ['(a+)+', '(a|a)*b', '(?:a|b|ab)*_', '(a{0,20}){12}']) expect(answers(evil, 500)).toBe(false);
});

it('every expression that is accepted answers all attacks quickly', () => {
  let accepted = 0;
  fc.assert(
    fc.property(expression, (source) => {
      if (unsafeExpression(source, '', TABLE_NAME_USE) !== null) return;
      accepted++;
      // Some 250 attacks of about 10 ms at most, on a machine that does other things too.
      expect([source, answers(source, 20_000)]).toEqual([source, true]);
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(1000);
});

it('any expression is accepted or refused with a place inside it, soon', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab.*+?(){}[]|\\^$:=!<1,-_'), maxLength: 20 });
  fc.assert(
    fc.property(text, (source) => {
      if (!isExpression(source)) return;
      const problem = unsafeExpression(source, '', TABLE_NAME_USE);
      if (problem !== null) expect(problem.at >= 0 && problem.at <= source.length).toBe(true);
    }),
    { numRuns: 6000 },
  );
});

function isExpression(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
