import fc from 'fast-check';
import { expect, it } from 'vitest';
import { junitXml } from '../../../src/cli/test-junit.ts';
import type { TestResult } from '../../../src/rules/testing/run-test.ts';
import { parseTestFile } from '../../../src/rules/testing/test-file.ts';

function resultOf(name: string, subject: string): TestResult {
  const [test] = parseTestFile(
    'a',
    'tests: [{name: a, change: {table: x.y, drop: true}, expect: [{delete: a}]}]',
  ).tests;
  if (test === undefined) throw new Error('one test');
  const missing = test.expected.map((expected) => ({ expected: { ...expected, subject }, hints: [subject] }));
  return { test: { ...test, name }, missing, unexpected: [] };
}

it('is well-formed whatever is in names and keys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string(), (name, subject, file) => {
      const xml = junitXml([{ file, results: [resultOf(name, subject)], durationMs: 12 }]);
      // Nothing that XML cannot hold, and nothing that ends or begins a tag but our own tags.
      // eslint-disable-next-line no-control-regex
      expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      expect(Buffer.from(xml).toString()).toBe(xml);
      const tags = [...xml.matchAll(/<\/?([^\s>/]*)/g)].map(([, tag]) => tag);
      expect(tags).toEqual([
        '?xml',
        'testsuites',
        'testsuite',
        'testcase',
        'failure',
        'failure',
        'testcase',
        'testsuite',
        'testsuites',
      ]);
      expect(xml.replace(/&(amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
      for (const [tag] of xml.slice(xml.indexOf('\n')).matchAll(/<[^>]*>/g)) {
        expect(tag).toMatch(/^<\/?[a-z]+( [a-z]+="[^"<>\n\r\t]*")*\/?>$/);
      }
    }),
    { numRuns: 500 },
  );
});

it('keeps the text readable', () => {
  const xml = junitXml([
    { file: 'a & b.test.yaml', results: [resultOf('"quoted" <name>\n', 'k<1>')], durationMs: 1500 },
  ]);
  expect(xml).toContain('name="a &amp; b.test.yaml" tests="1" failures="1" time="1.5"');
  expect(xml).toContain('name="&quot;quoted&quot; &lt;name&gt;&#10;"');
  expect(xml).toContain('- delete: k&lt;1&gt;   expected, but it does not happen');
});
