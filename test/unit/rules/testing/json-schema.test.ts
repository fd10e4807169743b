import Ajv from 'ajv';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ruleTestsJsonSchema } from '../../../../docs/generators/rule-tests-schema.ts';
import { parseTestFile } from '../../../../src/rules/testing/test-file.ts';

const validate = new Ajv().compile(JSON.parse(ruleTestsJsonSchema()) as object);
const accepts = (text: string): boolean => validate(parse(text)) === true;
const test = (text: string): string => `tests: [{name: a, ${text}}]`;
const CHANGE = 'change: {table: x.y, drop: true}';

describe('the JSON Schema of rule tests', () => {
  const files = readdirSync('config/cookbook').filter((name) => name.includes('.test.'));

  it.each(files)('accepts config/cookbook/%s, as the runner does', (name) => {
    const text = readFileSync(`config/cookbook/${name}`, 'utf8');
    expect(accepts(text), JSON.stringify(validate.errors)).toBe(true);
    expect(parseTestFile(name, text).tests.length).toBeGreaterThan(0);
  });

  it.each([
    'tests: []',
    'test: 1',
    test(CHANGE),
    test('expect: []'),
    test(`${CHANGE}, expect: [], transaction: []`),
    test('expect: [], change: {table: x.y}'),
    test('expect: [], change: {table: x.y, insert: {}, delete: {}}'),
    test('expect: [], change: {table: x.y, update: {after: {}}}'),
    test('expect: [], change: {table: x.y, truncate: yes}'),
    test('expect: [], change: {table: x.y, insert: []}'),
    test(`${CHANGE}, expect: [{}]`),
    test(`${CHANGE}, expect: [{delete: a, refresh: a}]`),
    test(`${CHANGE}, expect: [{delete: a, keys: b}]`),
    test(`${CHANGE}, expect: [delete]`),
    test(`${CHANGE}, expect: [], epochs: {x.y: 0}`),
    `tables: {x.y: [id]}\n${test(`${CHANGE}, expect: []`)}`,
    `lookups: {a: [{rows: []}]}\n${test(`${CHANGE}, expect: []`)}`,
  ])('rejects what the runner rejects: %s', (text) => {
    expect(accepts(text)).toBe(false);
    expect(() => parseTestFile('a', text)).toThrow();
  });

  it('describes every option, and has examples that are right', () => {
    const without: string[] = [];
    const wrong: unknown[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { properties?: Record<string, { description?: string; examples?: unknown[] }> };
      for (const [name, option] of Object.entries(properties ?? {})) {
        const { description, examples = [], ...schema } = option;
        if (description === undefined || examples.length === 0) without.push(`${path}.${name}`);
        const isRight = new Ajv().compile(schema);
        wrong.push(...examples.filter((example) => !isRight(example)));
      }
      for (const [name, child] of Object.entries(node)) visit(child, `${path}.${name}`);
    };
    visit(JSON.parse(ruleTestsJsonSchema()), '');
    expect({ without, wrong }).toEqual({ without: [], wrong: [] });
  });
});
