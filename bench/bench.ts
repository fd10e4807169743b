/**
 * `npm run bench [-- --quick] [-- --json]`: Sluice beside the naive pipeline, on the same servers in the same run.
 * Machines are noisy: only the ratio of the two columns means anything.
 * `npm run bench -- --rules` measures the evaluation of rules alone, without servers.
 */
import { parseArgs } from 'node:util';
import { ensureServices } from '../deploy/local/services.ts';
import { benchApplySide } from './apply-scenarios.ts';
import { backlogThroughput } from './backlog.ts';
import { delayAtRate, type Delays } from './delay.ts';
import { captureToKafka } from './kafka-produce.ts';
import type { PipelineName } from './pipelines.ts';
import { benchRules } from './rules.ts';
import { Workload } from './workload.ts';

if (process.argv.includes('capture-to-kafka')) await captureToKafka().then(() => process.exit());

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    rules: { type: 'boolean' },
    scenario: { type: 'string' },
  },
});
if (await benchApplySide(flags.scenario, flags)) process.exit();
if (flags.rules) {
  reportRules();
  process.exit();
}
// Long enough that a process is warm for most of it: the first half second of either is mostly compilation.
const SIZE = flags.quick ? { rows: 200_000, rounds: 3, seconds: 5 } : { rows: 500_000, rounds: 5, seconds: 20 };
const RATE = 1000;
const PIPELINES: readonly PipelineName[] = ['naive', 'sluice'];

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const workload = await Workload.create(await ensureServices(['mysql', 'redis'], progress));
try {
  await workload.insertRows(SIZE.rows);
  const from = await workload.coordinates();
  progress(`writing ${SIZE.rows} single-row transactions`);
  await workload.updateSingly(SIZE.rows);

  const throughput: Record<PipelineName, number[]> = { naive: [], sluice: [] };
  const delays: Record<PipelineName, Delays[]> = { naive: [], sluice: [] };
  // Alternating, so that a slow minute of the machine hits both.
  for (let round = 1; round <= SIZE.rounds; round++) {
    for (const name of PIPELINES) {
      throughput[name].push(await backlogThroughput(name, workload, { from, count: SIZE.rows }));
      progress(`round ${round}: ${name}: ${Math.round(throughput[name].at(-1) ?? 0)} transactions/s`);
    }
  }
  for (let round = 1; round <= SIZE.rounds; round++) {
    for (const name of PIPELINES) {
      const result = await delayAtRate(name, workload, { perSecond: RATE, seconds: SIZE.seconds });
      delays[name].push(result);
      progress(`round ${round}: ${name}: p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms`);
    }
  }
  report(throughput, delays);
} finally {
  await workload.close();
}

function reportRules(): void {
  const rows = benchRules();
  if (flags.json) console.log(JSON.stringify({ rows }));
  else {
    console.log('evaluating rules, median of the rounds; ratio = sluice / the same invalidations made by hand');
    console.table(Object.fromEntries(rows.map(({ what, ...columns }) => [what, columns])));
  }
}

function report(throughput: Record<PipelineName, number[]>, delays: Record<PipelineName, Delays[]>): void {
  const rows = [
    row('backlog to empty keys, transactions/s', 0, throughput.naive, throughput.sluice),
    row(`delay p50 at ${RATE} tx/s, ms`, 2, ...both(delays, ({ p50Ms }) => p50Ms)),
    row(`delay p99 at ${RATE} tx/s, ms`, 2, ...both(delays, ({ p99Ms }) => p99Ms)),
  ];
  if (flags.json) console.log(JSON.stringify({ rounds: SIZE.rounds, rows }));
  else {
    console.log(`median of ${SIZE.rounds} rounds (lowest … highest); ratio = sluice / naive`);
    console.table(Object.fromEntries(rows.map(({ what, ...columns }) => [what, columns])));
  }
}

function both(delays: Record<PipelineName, Delays[]>, pick: (delays: Delays) => number): [number[], number[]] {
  return [delays.naive.map(pick), delays.sluice.map(pick)];
}

function row(
  what: string,
  digits: number,
  naive: number[],
  sluice: number[],
): Record<'what' | 'naive' | 'sluice' | 'ratio', string> {
  const text = (values: number[]): string => {
    const sorted = [...values].sort((a, b) => a - b);
    return `${median(values).toFixed(digits)} (${sorted[0]?.toFixed(digits)} … ${sorted.at(-1)?.toFixed(digits)})`;
  };
  return { what, naive: text(naive), sluice: text(sluice), ratio: (median(sluice) / median(naive)).toFixed(2) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}
