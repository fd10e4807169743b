import { describe, expect, it } from 'vitest';
import { performancePage, type Results } from '../../../bench/performance.ts';
import { plot } from '../../../bench/plot.ts';
import { printComparison } from '../../../bench/report.ts';
import { atLeast, atMost, type Comparison } from '../../../bench/scenario.ts';

const REACHED: Comparison = {
  what: 'decode & count',
  unit: 'rows/s',
  results: { ours: [100, 300, 200], stock: [10, 10, 10] },
  ratios: [{ of: 'ours', to: 'stock', goal: atLeast(10) }, { of: 'ours', to: 'stock', goal: null }],
  notes: ['a note'],
}; // prettier-ignore
const MISSED: Comparison = {
  what: 'delay',
  unit: 'ms',
  results: { ours: [6, 6], naive: [2, 2] },
  ratios: [{ of: 'ours', to: 'naive', goal: atMost(1.5) }, { of: 'ours', to: 'debezium', goal: atMost(0.2) }],
}; // prettier-ignore

const results = (more: Partial<Results> = {}): Results => ({
  machine: {
    processor: 'A processor', cores: 2, memoryGb: 8, system: 'an OS', load: 1, versions: { node: 'v20' },
  },
  isQuick: false,
  runs: 3,
  scenarios: [
    { scenario: 'decode', comparisons: [REACHED], failure: null },
    { scenario: 'delay', comparisons: [MISSED], failure: null },
  ],
  ...more,
}); // prettier-ignore

describe('the page of results', () => {
  it('has each contestant with median and spread, and each ratio with its goal and what became of it', () => {
    const page = performancePage(results());
    expect(page).toContain('### Decode & count\n\n`--scenario decode`');
    expect(page).toContain('| ours | 200 (100 … 300) |');
    expect(page).toContain('| ours / stock | 20.0 (10.0 … 30.0) | at least 10.0 | reached |');
    expect(page).toContain('| ours / naive | 3.00 (3.00 … 3.00) | at most 1.50 | **missed** |');
    expect(page).toContain('- a note');
    expect(page).toContain('median with the lowest and the highest of 3 runs');
  });

  it('says first what is not reached, not measured, and could not be', () => {
    const failed = { scenario: 'idle', comparisons: [], failure: 'no server\n  at somewhere' };
    const page = performancePage(results({ scenarios: [...results().scenarios, failed] }));
    const [list = ''] = page.split('## What is not reached\n\n')[1]?.split('\n\n## Results') ?? [];
    expect(list.split('\n')).toEqual([
      '- delay: ours / naive is 3.00, the goal is at most 1.50.',
      '- The scenario `idle` could not be measured: no server',
      '- delay: ours / debezium was not measured.',
    ]);
  });

  it('says that all is reached only when it is', () => {
    const page = performancePage(results({ scenarios: results().scenarios.slice(0, 1) }));
    expect(page).toContain('Every goal that was measured is reached.');
    expect(performancePage(results())).not.toContain('Every goal that was measured is reached.');
  });

  it('warns of what it was made with: small sizes, one run, a busy machine, a word by hand', () => {
    const busy = { ...results().machine, load: 7 };
    const page = performancePage(results({ isQuick: true, runs: 1, machine: busy, note: 'By hand.' }));
    for (const warning of ['Made with `--quick`', 'of one run.', 'load 7.00 on 2 cores', '> By hand.']) expect(page).toContain(warning); // prettier-ignore
    const quiet = performancePage(results());
    for (const warning of ['--quick`**', 'was busy', '> ']) expect(quiet).not.toContain(warning);
  });
});

describe('the plot', () => {
  const bars = [...plot([REACHED, MISSED]).matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="16" fill="(#\w+)"/g)].map(([, x, width, fill]) => ({ x: Number(x), end: Number(x) + Number(width), fill })); // prettier-ignore
  const goal = Number(/<line x1="([\d.]+)"[^>]*stroke="#333333"/.exec(plot([REACHED]))?.[1]);

  it('has a bar for each ratio with a goal that was measured: right of the goal is better, also where less is better', () => {
    expect(bars).toHaveLength(2);
    expect(bars[0]).toMatchObject({ x: goal, fill: '#4c956c' });
    expect(bars[0]?.end).toBeGreaterThan(goal);
    expect(bars[1]?.end).toBeCloseTo(goal, 0);
    expect(bars[1]).toMatchObject({ fill: '#c44536' });
  });

  it('is sound XML, whatever a scenario is called', () => {
    const svg = plot([{ ...REACHED, what: 'a < b & c > d' }]);
    expect(svg).toContain('a &lt; b &amp; c &gt; d');
    expect(svg).not.toContain('a < b');
  });
});

it('the terminal gets the same numbers', () => {
  const lines: string[] = [];
  for (const comparison of [REACHED, MISSED]) printComparison(comparison, (line) => lines.push(line));
  expect(lines).toContain(`  ${'ours'.padEnd(28)} 200 (100 … 300)`);
  expect(lines).toContain('  ours / stock: 20.0 (10.0 … 30.0); goal at least 10.0: reached');
  expect(lines).toContain('  ours / naive: 3.00 (3.00 … 3.00); goal at most 1.50: MISSED');
  expect(lines).toContain('  ours / debezium: not measured');
  expect(lines).toContain('  note: a note');
});
