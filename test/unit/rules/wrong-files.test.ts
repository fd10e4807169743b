import { describe, expect, it } from 'vitest';
import { ProblemsError } from '../../../src/runtime/errors.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { problemsOf } from '../../support/rules.ts';
import { WRONG_FILES } from './wrong-files/all.ts';

describe('a wrong rule file is refused, with every problem at its place:', () => {
  it.each(WRONG_FILES)('$title', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});

describe('the table of wrong rule files', () => {
  it('has each mistake once', () => {
    expect(new Set(WRONG_FILES.map(({ title }) => title)).size).toBe(WRONG_FILES.length);
    expect(new Set(WRONG_FILES.map(({ text }) => text)).size).toBe(WRONG_FILES.length);
    expect(WRONG_FILES.length).toBeGreaterThanOrEqual(75);
  });

  it('gives a remedy, and the line with a caret, for each', () => {
    for (const { title, text } of WRONG_FILES) {
      for (const { line = 0, column = 0, remedy, excerpt } of problems(text)) {
        const source = text.split('\n')[line - 1] ?? '';
        expect(remedy.length, title).toBeGreaterThan(8);
        if (source.trim() === '') expect(excerpt, title).toBeUndefined();
        else expect(excerpt, title).toMatch(/\n *\^$/);
        if (source.length < 100 && source.trim() !== '') {
          expect(excerpt?.split('\n')[1]?.length, title).toBe(Math.min(column, source.length + 1));
        }
      }
    }
  });

  it('has no mistake that is told twice at one place in the same words', () => {
    for (const { problems } of WRONG_FILES) expect(new Set(problems).size).toBe(problems.length);
  });
});

function problems(text: string) {
  try {
    loadRules([{ file: 'rules.yaml', text }]);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
}
