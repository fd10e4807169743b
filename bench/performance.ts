/** docs/performance.md and its plot, from the results of one run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { numberText } from './in-turns.ts';
import type { Machine } from './machine.ts';
import { plot } from './plot.ts';
import { summaryText } from './report.ts';
import type { Comparison, Ratio } from './scenario.ts';
import { isReached, missed, ratioOf, summarise } from './statistics.ts';

export interface Results {
  readonly machine: Machine;
  readonly isQuick: boolean;
  readonly runs: number;
  readonly scenarios: readonly ScenarioResult[];
  /** Written into the file by hand, when a reader has to know more about how it was made. */
  readonly note?: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly comparisons: readonly Comparison[];
  /** Why there are none. */
  readonly failure: string | null;
}

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);

export async function writePerformance(file: string): Promise<void> {
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const page = performancePage(results);
  const options = await resolveConfig(fileURLToPath(docs('performance.md')));
  writeFileSync(docs('performance.md'), await format(page, { ...options, parser: 'markdown' }));
  writeFileSync(docs('performance.svg'), plot(allOf(results)));
}

export function performancePage(results: Results): string {
  const { machine, runs, isQuick, scenarios, note } = results;
  return `<!-- Written by \`npm run bench -- --write-docs FILE\` from a file of results; do not edit. -->

# Performance

\`npm run bench\` measures Sluice beside baselines that do the same work: on the same servers, in turns, in one run. **Machines are
noisy, and only the ratios mean anything**; they are made run by run, so that a slow minute hits both sides. Every number is a
median with the lowest and the highest of ${runs === 1 ? 'one run' : `${runs} runs`}. Baselines:

- **raw drain**: asks for the dump and drops the bytes: what the server and the socket can give.
- **zongji**: the client library with a handler that only counts.
- **naive**: what one would write in an afternoon: a zongji handler that pipelines UNLINK, without positions, versions or recovery.
- **canal**, **debezium** (with \`--peers\`): Canal's parser and Debezium's embedded engine with the same work, the JVM warm. Debezium
  produces its own change events, as JSON without schemas, which are larger than the records of Sluice.

Programs are compared by the second half of a backlog, or from the first key gone to the last, so starting and compiling do not count.
${isQuick ? `\n> **Made with \`--quick\`**: small sizes, so programs are hardly warm. Not for comparing.\n` : ''}${busyNote(machine)}${note === undefined ? '' : `\n> ${note}\n`}
| | |
| --- | --- |
${machineRows(machine)}

![Ratios and their goals](performance.svg)

## What is not reached

${missedList(results)}

## Results

${scenarios.flatMap(({ scenario, comparisons }) => comparisons.map((comparison) => section(scenario, comparison))).join('\n')}`;
}

const allOf = ({ scenarios }: Results): Comparison[] => scenarios.flatMap(({ comparisons }) => [...comparisons]);

/** Whoever reads the numbers has to know that others used the processor meanwhile. */
function busyNote({ load, cores }: Machine): string {
  if (load <= cores) return '';
  return `\n> The machine was busy with other work (load ${numberText(load)} on ${cores} cores) when this was measured.\n`;
}

function machineRows({ processor, cores, memoryGb, system, versions }: Machine): string {
  const rows = [
    ['machine', `${processor}, ${cores} cores, ${memoryGb} GB, ${system}; servers on the same cores`],
    ...Object.entries(versions),
  ];
  return rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n');
}

function missedList(results: Results): string {
  const lines = missed(allOf(results)).map(({ comparison, ratio, got }) => {
    const goal = ratio.goal === null ? '' : `${ratio.goal.bound} ${numberText(ratio.goal.times)}`;
    return `- ${comparison.what}: ${ratio.of} / ${ratio.to} is ${numberText(got.median)}, the goal is ${goal}.`;
  });
  const absent = allOf(results).flatMap(
    ({ what, results: found, ratios }) =>
    ratios.filter((ratio) => ratio.goal !== null && ratioOf(found, ratio) === null).map(({ of, to }) => `- ${what}: ${of} / ${to} was not measured.`), // prettier-ignore
  );
  const failed = results.scenarios.flatMap(({ scenario, failure }) =>
    failure === null ? [] : [`- The scenario \`${scenario}\` could not be measured: ${failure.split('\n')[0]}`],
  );
  return [...lines, ...failed, ...absent].join('\n') || 'Every goal that was measured is reached.';
}

function section(scenario: string, { what, unit, results, ratios, notes = [] }: Comparison): string {
  const rows = Object.entries(results).map(([who, numbers]) => `| ${who} | ${summaryText(summarise(numbers))} |`);
  const shown = ratios.map((ratio) => `| ${ratioCells(results, ratio)} |`);
  return `### ${what[0]?.toUpperCase() ?? ''}${what.slice(1)}

\`--scenario ${scenario}\`

| | ${unit} |
| --- | ---: |
${rows.join('\n')}
${shown.length === 0 ? '' : `\n| ratio | | goal | |\n| --- | ---: | --- | --- |\n${shown.join('\n')}\n`}${notes.map((note) => `\n- ${note}`).join('')}
`;
}

function ratioCells(results: Comparison['results'], ratio: Ratio): string {
  const { of, to, goal } = ratio;
  const got = ratioOf(results, ratio);
  const [bound, verdict] = goal === null ? ['', ''] : [`${goal.bound} ${numberText(goal.times)}`, verdictOf(got, goal)];
  return [`${of} / ${to}`, got === null ? 'not measured' : summaryText(got), bound, verdict].join(' | ');
}

function verdictOf(got: ReturnType<typeof ratioOf>, goal: NonNullable<Ratio['goal']>): string {
  if (got === null) return '';
  return isReached(got, goal) ? 'reached' : '**missed**';
}
