import type { FileResult } from '../rule-tests/rule-tests.ts';
import { passed } from '../rules/testing/run-test.ts';
import { describeExpected, describeOutcome, tally } from './test-format.ts';

/** The results for a program: one object. */
export function resultsJson(files: readonly FileResult[]): string {
  const { passedTests, failedTests } = tally(files);
  return JSON.stringify({
    passed: passedTests,
    failed: failedTests,
    files: files.map(({ file, results, durationMs }) => ({
      file,
      duration_ms: durationMs,
      tests: results.map((result) => ({
        name: result.test.name,
        line: result.test.line,
        passed: passed(result),
        missing: result.missing.map(({ expected, hints }) => ({ expected: describeExpected(expected), hints })),
        unexpected: result.unexpected.map(describeOutcome),
      })),
    })),
  });
}
