import { describe, expect, it } from 'vitest';
import { flushPattern, patternTooWide } from '../../../../src/rules/template/flush-pattern.ts';
import { template } from '../../../support/templates.ts';

const FACTS = { database: 'shop', table: 'orders_7', captures: { '1': '7', star: 'a*' } };

it.each([
  ['product:{id}', 'product:*'],
  ['a:{x}{y}{@epoch}:{z}:b', 'a:*:*:b'],
  ['home', 'home'],
  ['{{user:{id}}}:name', '{user:*}:name'],
  ['a*b?c[d]^e\\f-{id}', 'a\\*b\\?c\\[d\\]\\^e\\\\f-*'],
  ['p:{@database}.{@table}:{$1}:{id}', 'p:*.*:*:*'],
  ['t:{tags[*] | sha1}:{lookup.x}', 't:*:*'],
])('%s is flushed as %s', (text, pattern) => {
  expect(flushPattern(template(text))).toBe(pattern);
});

it.each([
  ['p:{@database}.{@table | upper}:{$1}:{id}', 'p:shop.ORDERS_7:7:*'],
  ['p:{$star}:{id}', 'p:a\\*:*'],
  ['p:{$other}:{@epoch}', 'p:*:*'],
  ['p:{$constructor}', 'p:*'],
  ['p:{id}{$none}{id}', 'p:*'],
  ['p:{@table | split("_")}', 'p:*'],
  ['p:{@table | modulo(2)}', 'p:*'],
])('%s of one known table is flushed as %s', (text, pattern) => {
  expect(flushPattern(template(text), { ...FACTS, captures: { ...FACTS.captures, none: '' } })).toBe(pattern);
});

describe('a pattern', () => {
  it.each(['*', '*:orders', '*product:*', 'p*', 'p:*', '\\*a*', '{*}:name'])('%s is too wide to flush', (pattern) => {
    expect(patternTooWide(pattern)?.message).toContain(pattern);
    expect(patternTooWide(pattern)?.remedy).toContain('product:');
  });

  it.each(['pr:*', 'product:*', 'ab\\**', 'a', '\\*', ''])('%s is not', (pattern) => {
    expect(patternTooWide(pattern)).toBeNull();
  });
});
