import { describe, expect, it } from 'vitest';
import { TABLE_NAME_USE, unsafeExpression } from '../../../../src/rules/table/safe-expression.ts';

const verdict = (source: string, flags = ''): string => {
  const problem = unsafeExpression(source, flags, TABLE_NAME_USE);
  if (problem === null) return 'accepted';
  expect(problem.remedy).toMatch(/\.$/);
  if (problem.message.includes('multiplies')) return `${problem.at} exponential`;
  if (problem.message.includes('steps')) return `${problem.at} slow`;
  if (problem.message.includes('backreference')) return `${problem.at} backreference`;
  return problem.message.includes('too large') ? 'too large' : problem.message;
};

describe('an expression that could take for ever', () => {
  it.each<[source: string, expected: string, flags?: string]>([
    ['(a+)+', '1 exponential'],
    ['(a|a)*', '0 exponential'],
    ['(a|aa)+$', '0 exponential'],
    ['(a|a?)+', '0 exponential'],
    ['(a*)*', '1 exponential'],
    ['((a|b)*)*', '1 exponential'],
    ['(\\w+\\s?)*$', '1 exponential'],
    ['([a-z]+)*\\.', '1 exponential'],
    ['([a-z]+|[A-Z]+)*\\.', '1 exponential', 'i'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', '2 exponential'],
    ['(x+x+)+y', '1 exponential'],
    ['(.+)+\\.orders', '1 exponential'],
    ['(?:.*_)*orders', '3 exponential'],
    ['(([a-z_]+)+|\\d)*\\.x', '2 exponential'],
    // No single character does it: a pair must be repeated.
    ['(a|b|ab)*c', '0 exponential'],
    ['(aab|a|b|ba)*x', '0 exponential'],
    ['(?:(?:ab)+c?)+d', '3 exponential'],
    ['(?:shop|sho|p)*\\.x', '0 exponential'],
    ['(?=(a+)+b)a', '4 exponential'],
    ['(?<!(a+)+)b', '5 exponential'],
    // One character in common.
    ['(?:[\u4e00-\u4e11]|[\u4e11-\u9fff])*x', '0 exponential'],
    ['(?:ſ|s)*x', '0 exponential', 'iu'],
    // Bounded, and yet far too many ways.
    ['(.*a){20}', '1 slow'],
    ['(a?){40}a{40}', '8 slow'],
    ['(|){40}a', '7 slow'],
    ['(a{0,9}){0,9}b', 'too large'],
    ['(?:a{1,64}){1,64}', 'too large'],
    ['.*.*.*.*.*\\.x', '8 slow'],
    ['(ab)*(ab)*(ab)*(ab)*(ab)*$', '20 slow'],
    ['[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*\\.x', '24 slow'],
    // Each step around it looks ahead over and over.
    ['(?:.(?=.*.*b))*', '8 slow'],
    ['(\\d+)\\1', '5 backreference'],
    ['(?<a>x)\\k<a>', '7 backreference'],
    ['a{100000}', 'too large'],
    [`(${'a|'.repeat(3000)}b)`, 'too large'],
  ])('%s is refused', (source, expected, flags = '') => {
    const found = verdict(source, flags);
    if (expected === 'too large') expect(found).toMatch(/too large|slow/);
    else expect(found.replace(/^\d+ slow/, 'slow')).toBe(expected.replace(/^\d+ slow/, 'slow'));
  });
});

describe('an ordinary expression', () => {
  it.each([
    '^shop_\\d+\\.orders$',
    'shop_\\d+\\.orders',
    '(?<shard>\\d+)\\.(a|b|c)',
    '(?<db>[^.]+)\\.(?<table>.+?)_(?<shard>\\d+)',
    '.*',
    '.*\\.orders',
    '.*_.*\\..*',
    '.*(foo|bar).*\\.x.*',
    '.*\\.(.*_)?log',
    'shop(_[a-z]+)*\\.orders',
    '(?:[a-z]+_)*x\\.y',
    '[^.]+\\.[^.]+',
    '\\w+\\.\\w+_\\d{4}_\\d{2}',
    '.+\\.user_[0-9a-f]{2}',
    '[a-z]{1,64}\\.[a-z0-9_]{1,64}',
    '(?:prod|stage)_(?<region>eu|us)\\d{1,3}\\.(orders|order_lines|products)',
    '(shop|shop2)\\.(orders|orders_archive)',
    'a\\.b|c\\.d',
    '(?!test_)\\w+\\.orders',
    'shop\\.(?!tmp_).*',
    'shop_\\d+\\.orders(?<!_tmp)',
    '\\bshop\\b\\.\\w+',
    '(?:)\\.(?:)',
    '[\\u4e00-\\u9fff]+\\.表',
    '(?:[\u4e00-\u4e10]|[\u4e11-\u9fff])*x',
    `shop\\.(${Array.from({ length: 200 }, (_, i) => `table_${i}`).join('|')})`,
  ])('%s is accepted', (source) => {
    expect(verdict(source)).toBe('accepted');
    expect(verdict(source, 'i')).toBe('accepted');
  });
});

describe('a longer text', () => {
  const use = { maxLength: 10_000, whole: true };

  it('allows what takes time in proportion to it', () => {
    for (const source of ['[a-z]+@[a-z]+\\.de', '\\d+', 'a[^b]*b'])
      expect(unsafeExpression(source, '', use)).toBeNull();
  });

  it('allows less than a table name does', () => {
    for (const source of ['.*_.*x', '\\w*\\d*!']) {
      expect(unsafeExpression(source, '', TABLE_NAME_USE)).toBeNull();
      expect(unsafeExpression(source, '', use)?.message).toContain('10000 characters');
    }
  });

  it('is searched from each of its characters if not the whole must match', () => {
    expect(unsafeExpression('\\d+x', '', use)).toBeNull();
    expect(unsafeExpression('\\d+x', '', { ...use, whole: false })).not.toBeNull();
    expect(unsafeExpression('shop_[0-9]x', '', { ...use, whole: false })).toBeNull();
  });
});
