import { expect, it } from 'vitest';
import { parseTemplate, type KeyTemplate } from '../../../../src/rules/template/key-template.ts';
import { templatesOverlap } from '../../../../src/rules/template/template-overlap.ts';

const template = (text: string): KeyTemplate => {
  const parsed = parseTemplate(text);
  if (!('ok' in parsed)) throw new Error(text);
  return parsed.ok;
};

it.each([
  ['card:{id}', 'card:{product_id}', true],
  ['card:{id}', 'product:{id}', false],
  ['{a}:x', '{a}:y', false],
  ['card:{id}', 'card:7', true],
  ['card:{id}:x', 'card:7', false],
  ['card:{id}', '{kind}:7', true],
  ['a:{x}:m:{y}:z', 'a:{x}:n:{y}:z', true],
  ['ab{x}', 'a{x}c', true],
  ['home', 'home', true],
  ['home', 'home2', false],
  ['what?{x}', 'whats7', false],
  ['a*{x}', 'ab7', false],
])('%s and %s: %s', (a, b, expected) => {
  expect(templatesOverlap(template(a), template(b))).toBe(expected);
  expect(templatesOverlap(template(b), template(a))).toBe(expected);
});
