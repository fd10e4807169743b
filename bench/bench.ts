/**
 * `npm run bench`: Sluice beside bare baselines, and with `--peers` beside Debezium and Canal, on the same servers in the same run.
 * Machines are noisy: only the ratios mean anything. What is promised of them stands in docs/performance.md.
 */
import { ensureServices, type Addresses, type ServiceName } from '../deploy/local/services.ts';
import { kafkaToRedis, refresh } from './apply-scenarios.ts';
import { backlog, backlogKafka } from './backlog.ts';
import { decode } from './decode.ts';
import { delay } from './delay.ts';
import { delayKafka } from './delay-kafka.ts';
import { drainCompressed, drainHundred, drainSingle, drainUnmatched, drainWide } from './drain/drain.ts';
import { FlagProblem, helpText, parseFlags, type Command, type Flags } from './flags.ts';
import { growth } from './growth.ts';
import { hotKey } from './hot-key.ts';
import { hugeTransaction } from './huge-transaction.ts';
import { idle } from './idle.ts';
import { captureToKafka } from './kafka-produce.ts';
import { describeMachine } from './machine.ts';
import { peers } from './peers/comparison.ts';
import { writePerformance, type ScenarioResult } from './performance.ts';
import { printComparison } from './report.ts';
import { joined, readResults, writeResults } from './results-file.ts';
import { rules } from './rules.ts';
import type { Bench, Scenario } from './scenario.ts';
import { missed } from './statistics.ts';

/** In the order of the tables in docs/performance.md. */
// prettier-ignore
const SCENARIOS: readonly Scenario[] = [
  decode,
  rules,
  drainSingle,
  drainHundred,
  drainWide,
  drainCompressed,
  drainUnmatched,
  hotKey,
  backlog,
  backlogKafka,
  captureToKafka,
  kafkaToRedis,
  refresh,
  delay,
  delayKafka,
  hugeTransaction,
  idle,
  growth,
  peers,
];

const ORDER = SCENARIOS.map(({ name }) => name);

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

// Not the exit code alone: a scenario that failed may have left a connection open, which would keep the process.
process.exit(await main());

async function main(): Promise<number> {
  try {
    return await carryOut(parseFlags(process.argv.slice(2), SCENARIOS));
  } catch (error) {
    if (!(error instanceof FlagProblem)) throw error;
    process.stderr.write(`bench: ${error.message}\nbench: \`npm run bench -- --help\` lists what there is\n`);
    return 2;
  }
}

async function carryOut(command: Command): Promise<number> {
  if (command.kind === 'help') print(helpText(SCENARIOS));
  else if (command.kind === 'write-docs') await writePerformance(command.file);
  else return measure(command);
  return 0;
}

async function measure(flags: Flags): Promise<number> {
  const addresses: Partial<Addresses> = {};
  const bench: Bench = {
    ...flags,
    servers: async <Name extends ServiceName>(names: readonly Name[]) => {
      const found = await ensureServices<Name>(names, progress);
      Object.assign(addresses, found);
      return found;
    },
    progress,
  };
  const file = flags.json;
  const before = file === null ? null : readResults(file, { ...flags, machine: describeMachine({}) });
  const scenarios: ScenarioResult[] = [];
  for (const scenario of flags.scenarios) {
    progress(`${scenario.name}: ${scenario.about}`);
    scenarios.push(await resultOf(scenario, bench));
    // After each: a long run that is broken off was not for nothing.
    const now = { ...flags, machine: describeMachine(addresses), scenarios };
    if (file !== null) writeResults(file, joined(before, now, ORDER));
  }
  const misses = missed(scenarios.flatMap(({ comparisons }) => comparisons));
  print(misses.length === 0 ? '\nevery goal that was measured is reached' : `\n${misses.length} goals are missed`);
  const failed = scenarios.filter(({ failure }) => failure !== null);
  for (const { scenario, failure } of failed) print(`${scenario} could not be measured: ${failure}`);
  return failed.length === 0 ? 0 : 1;
}

/** What cannot be measured does not keep the rest from being measured. */
async function resultOf({ name, run }: Scenario, bench: Bench): Promise<ScenarioResult> {
  try {
    const comparisons = await run(bench);
    for (const comparison of comparisons) printComparison(comparison, print);
    return { scenario: name, comparisons, failure: null };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    progress(`${name}: ${failure}`);
    return { scenario: name, comparisons: [], failure };
  }
}
