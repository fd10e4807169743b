import type { FileResult } from '../rule-tests/rule-tests.ts';
import type { Expectation, Outcome } from '../rules/testing/outcomes.ts';
import { rowText } from '../rules/testing/outcomes.ts';
import { passed, type TestResult } from '../rules/testing/run-test.ts';
import { formatDuration } from '../runtime/config/units.ts';
import { printable } from './tail-format.ts';

/** Paints text for a terminal, or leaves it as it is. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain = (text: string): string => text;
export const PLAIN: Paint = { good: plain, bad: plain, dim: plain };
export const COLOURED: Paint = { good: sgr(32), bad: sgr(31), dim: sgr(2) };

function sgr(code: number): (text: string) => string {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

/** A line for each file, and below it what is wrong with each test that failed. */
export function formatResults(files: readonly FileResult[], paint: Paint): string[] {
  return [
    ...files.flatMap(({ file, results }) => [
      `${results.every(passed) ? paint.good('ok  ') : paint.bad('FAIL')} ${printable(file)} ${paint.dim(`(${count(results.length)})`)}`,
      ...results.filter((result) => !passed(result)).flatMap((result) => formatFailure(file, result, paint)),
    ]),
    '',
    formatSummary(files),
  ];
}

export function formatSummary(files: readonly FileResult[]): string {
  const { passedTests, failedTests } = tally(files);
  return `${passedTests} passed, ${failedTests} failed`;
}

export function tally(files: readonly FileResult[]): { passedTests: number; failedTests: number } {
  const results = files.flatMap((file) => file.results);
  const passedTests = results.filter(passed).length;
  return { passedTests, failedTests: results.length - passedTests };
}

export function formatFailure(file: string, { test, missing, unexpected }: TestResult, paint: Paint = PLAIN): string[] {
  return [
    `  ${paint.bad('✗')} ${printable(`${file}:${test.line}`)}  ${printable(test.name)}`,
    ...missing.flatMap(({ expected, hints }) => [
      paint.bad(`      - ${describeExpected(expected)}`) + paint.dim('   expected, but it does not happen'),
      ...hints.map((hint) => paint.dim(`          ${printable(hint)}`)),
    ]),
    ...unexpected.map(
      (outcome) => paint.good(`      + ${describeOutcome(outcome)}`) + paint.dim('   happens, but is not expected'),
    ),
  ];
}

/** As it would stand in the test file. */
export function describeExpected({
  action,
  subject,
  rule,
  partitionKey,
  againAfterMs,
  row,
  reason,
}: Expectation): string {
  const rest = [
    rule === null ? '' : `rule: ${rule}`,
    partitionKey === null ? '' : `partition_key: ${partitionKey}`,
    againAfterMs === null ? '' : `again_after: ${formatDuration(againAfterMs)}`,
    row === null ? '' : `row: ${row === 'gone' ? row : JSON.stringify(row)}`,
    reason === null ? '' : `reason: ${reason}`,
  ];
  return printable([`${action}: ${subject}`, ...rest.filter((part) => part !== '')].join('  '));
}

export function describeOutcome({ action, subject, rule, partitionKey, againAfterMs, row, reason }: Outcome): string {
  const rest = [
    action === 'dead_letter' ? '' : `rule: ${rule}`,
    partitionKey === null || partitionKey === subject || action === 'flush' ? '' : `partition_key: ${partitionKey}`,
    againAfterMs === null ? '' : `again_after: ${formatDuration(againAfterMs)}`,
    row === null ? '' : `row: ${rowText(row)}`,
    reason === null ? '' : `reason: ${reason}`,
  ];
  return printable([`${action}: ${subject}`, ...rest.filter((part) => part !== '')].join('  '));
}

function count(tests: number): string {
  return tests === 1 ? '1 test' : `${tests} tests`;
}
