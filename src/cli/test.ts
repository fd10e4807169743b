import type { Command } from 'commander';
import { dirname } from 'node:path';
import { runRuleTests, watchedFiles, type FileResult, type RuleTestOptions } from '../rule-tests/rule-tests.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfigFile } from '../runtime/config/load.ts';
import { addHistoryOptions, collect, parseCount, selectionOf, wrongFlags, type HistoryFlags } from './history-flags.ts';
import { reportError } from './report-error.ts';
import { COLOURED, PLAIN, formatResults, tally } from './test-format.ts';
import { resultsJson } from './test-json.ts';
import { junitXml } from './test-junit.ts';
import { recordTo } from './test-record.ts';
import { watchTests } from './test-watch.ts';
import { writeFile } from './write-file.ts';

export interface TestFlags extends HistoryFlags {
  readonly config?: string;
  readonly rules?: readonly string[];
  readonly filter?: string;
  readonly watch?: boolean;
  readonly junit?: string;
  readonly json?: boolean;
  readonly record?: string;
  readonly mask?: boolean;
  readonly keep?: string;
  readonly limit?: number;
}

export function registerTest(program: Command): void {
  const command = program
    .command('test')
    .description('Run the tests of rules (*.test.yaml), or record them from real history')
    .argument('[paths...]', 'test files, or folders with test files in them (default: this folder)')
    .option(
      '-r, --rules <path>',
      'rule file or folder to test, instead of what the test files name; may be repeated',
      collect,
    )
    .option('-c, --config <file>', 'without paths: the folders of its rules; for --record: whose history')
    .option('--filter <text>', 'only tests with this in their name')
    .option('--watch', 'run again whenever a test or rule file changes')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .option('--json', 'print the results as one JSON object')
    .option('--record <file>', 'write a new test file from history: needs --last, --from or --gtid');
  addHistoryOptions(command)
    .option('--limit <n>', 'with --record: at most so many tests, and changes in each (default: 100)', parseCount)
    .option('--keep <columns>', 'with --record: columns that are not masked, with commas between')
    .option('--no-mask', 'with --record: write the values as they are')
    .addHelpText(
      'after',
      `
Examples:
  sluice test                                  every *.test.yaml in this folder and below
  sluice test config/rules --junit report.xml
  sluice test --watch product.test.yaml
  sluice test --record orders.test.yaml --config sluice.yaml --last 50

Recorded values are replaced by stand-ins of the same shape. Exit codes: 0 all passed, 1 a test failed, 2 a file is wrong
or there is no test.`,
    )
    .action(test);
}

async function test(paths: readonly string[], flags: TestFlags): Promise<void> {
  if (flags.record !== undefined) return recordTo(flags.record, flags);
  if (selectionOf(flags) !== null)
    throw wrongFlags('a piece of history is only needed with --record', 'Add --record FILE.');
  const options: RuleTestOptions = {
    paths: pathsOf(paths, flags),
    rules: flags.rules ?? null,
    filter: flags.filter ?? null,
    clock: systemClock,
  };
  if (flags.watch === true)
    return watchTests(
      () => watchedFiles(options),
      () => runOnce(options, flags).catch(reportError),
    );
  process.exitCode = await runOnce(options, flags);
}

/** Runs and prints; the exit code. */
async function runOnce(options: RuleTestOptions, flags: TestFlags): Promise<number> {
  const files = await runRuleTests(options);
  if (files.length === 0) {
    throw wrongFlags(`no test has \`${options.filter}\` in its name`, 'Use a part of a name, whatever its case.');
  }
  if (flags.junit !== undefined) writeFile(flags.junit, junitXml(files), { isNew: false });
  print(files, flags);
  return tally(files).failedTests === 0 ? 0 : 1;
}

function print(files: readonly FileResult[], { json }: TestFlags): void {
  if (json === true) console.log(resultsJson(files));
  else for (const line of formatResults(files, process.stdout.isTTY ? COLOURED : PLAIN)) console.log(line);
}

/** Named ones, else the folders of the configuration's rules if one is named, else this folder. */
function pathsOf(paths: readonly string[], { config }: TestFlags): readonly string[] {
  if (paths.length > 0) return paths;
  if (config === undefined) return ['.'];
  return [
    ...new Set(
      loadConfigFile(config, process.env).config.rules.map((path) => (/\.ya?ml$/.test(path) ? dirname(path) : path)),
    ),
  ];
}
