import type { FileResult } from '../rule-tests/rule-tests.ts';
import { passed } from '../rules/testing/run-test.ts';
import { formatFailure, tally } from './test-format.ts';

/** The results as JUnit XML, which every CI server reads: a suite for each file. */
export function junitXml(files: readonly FileResult[]): string {
  const { passedTests, failedTests } = tally(files);
  const total = `tests="${passedTests + failedTests}" failures="${failedTests}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${total}>`,
    ...files.flatMap(suite),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite({ file, results, durationMs }: FileResult): string[] {
  const failures = results.filter((result) => !passed(result)).length;
  const name = attribute(file);
  return [
    `  <testsuite name="${name}" tests="${results.length}" failures="${failures}" time="${durationMs / 1000}">`,
    ...results.flatMap((result) => {
      const { test, missing, unexpected } = result;
      const opening = `    <testcase name="${attribute(test.name)}" classname="${name}" file="${name}" line="${test.line}"`;
      if (passed(result)) return [`${opening}/>`];
      const message = `${missing.length} missing, ${unexpected.length} unexpected`;
      const text = content(formatFailure(file, result).join('\n'));
      return [`${opening}>`, `      <failure message="${message}">${text}</failure>`, '    </testcase>'];
    }),
    '  </testsuite>',
  ];
}

/** Characters that XML 1.0 has no way to write, not even as a reference. */
/* eslint-disable no-control-regex */
const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/* eslint-enable no-control-regex */

function content(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A reader turns line breaks in attributes into spaces, unless they are references. */
function attribute(text: string): string {
  return content(text)
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
