import { expect, it } from 'vitest';
import { requireFixedText } from '../../../../src/rules/template/key-template.ts';
import { substituteConstants } from '../../../../src/rules/template/template-constants.ts';
import { printTemplate } from '../../../../src/rules/template/template-print.ts';
import { template } from '../../../support/templates.ts';

const CONSTANTS = { prefix: 'Shop', empty: '', braces: '{x}' };
const replaced = (text: string): string => {
  const result = substituteConstants(template(text), CONSTANTS);
  if ('ok' in result) return printTemplate(result.ok);
  throw new Error(JSON.stringify(result.problems));
};

it.each([
  ['{$prefix}:{id}', 'Shop:{id}'],
  ['a:{$prefix | lower}:{$prefix}:b', 'a:shop:Shop:b'],
  ['{$prefix}{id}{$1}{$region}', 'Shop{id}{$1}{$region}'],
  ['a{$empty}b{$empty}{id}', 'ab{id}'],
  ['{$braces}:{id}', '{{x}}:{id}'],
  ['{$constructor}:{$toString}', '{$constructor}:{$toString}'],
])('%s becomes %s', (text, expected) => {
  expect(replaced(text)).toBe(expected);
});

it('makes one part of all fixed text', () => {
  const result = substituteConstants(template('a{$prefix}b{id}'), CONSTANTS);
  expect('ok' in result && result.ok.parts[0]).toBe('aShopb');
});

it('says where a constant does not suit its filters', () => {
  expect(substituteConstants(template('{$prefix | modulo(2)}:{$prefix | split}'), CONSTANTS)).toEqual({
    problems: [
      { at: 1, message: '{$prefix | modulo(2)}: the value is no whole number', remedy: expect.any(String) as string },
      { at: 23, message: 'the constant `$prefix` is made a list', remedy: expect.any(String) as string },
    ],
  });
});

it('shows whether a key has fixed text once constants are known', () => {
  const verdict = (text: string): boolean => {
    const result = substituteConstants(template(text), CONSTANTS);
    return 'ok' in result && 'ok' in requireFixedText(result.ok);
  };
  expect([verdict('{$prefix}{id}'), verdict('{$empty}{id}'), verdict('{$1}{id}'), verdict('{$empty}')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
