import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FlagProblem } from '../../../bench/flags.ts';
import type { Results } from '../../../bench/performance.ts';
import { joined, readResults, writeResults } from '../../../bench/results-file.ts';

const ORDER = ['decode', 'delay', 'idle'];
const machine = { processor: 'A', cores: 2, memoryGb: 8, system: 'an OS', load: 1, versions: { 'Node.js': 'v20' } };
const results = (scenario: string, failure: string, more: Partial<Results> = {}): Results => ({
  machine,
  isQuick: false,
  runs: 5,
  scenarios: [{ scenario, comparisons: [], failure }],
  ...more,
});
const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-results-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'results.json');
};

it('puts what is measured now beside what was measured before, or in its place, in the order of the page', () => {
  const file = newFile();
  expect(readResults(file, results('idle', ''))).toBeNull();
  writeResults(file, joined(null, results('idle', 'first'), ORDER));
  for (const [scenario, failure] of [['decode', 'second'], ['delay', 'third'], ['idle', 'again']] as const) {
    const now = results(scenario, failure);
    writeResults(file, joined(readResults(file, now), now, ORDER));
  } // prettier-ignore
  const { scenarios } = readResults(file, results('idle', '')) ?? results('none', '');
  expect(scenarios.map(({ scenario, failure }) => `${scenario}: ${failure}`)).toEqual(['decode: second', 'delay: third', 'idle: again']); // prettier-ignore
});

it('keeps the note that somebody wrote into it', () => {
  const file = newFile();
  writeResults(file, results('idle', '', { note: 'at night' }));
  const now = results('decode', '');
  writeResults(file, joined(readResults(file, now), now, ORDER));
  expect(readResults(file, now)?.note).toBe('at night');
});

it('names all versions that were measured, and the highest load', () => {
  const by = (versions: Record<string, string>, load: number) =>
    results('idle', '', { machine: { ...machine, load, versions } });
  const before = by({ 'Node.js': 'v20', 'Sluice (commit)': 'a', mysql: '9.7' }, 3);
  const { machine: both } = joined(
    joined(before, by({ 'Node.js': 'v20', 'Sluice (commit)': 'b', redis: '7' }, 1), ORDER),
    by({ 'Sluice (commit)': 'b' }, 2),
    ORDER,
  );
  expect(both).toMatchObject({
    load: 3,
    versions: { 'Node.js': 'v20', 'Sluice (commit)': 'a, b', mysql: '9.7', redis: '7' },
  });
});

it.each<[string, Partial<Results>]>([
  ['of another machine', { machine: { ...machine, processor: 'B' } }],
  ['of another Node.js', { machine: { ...machine, versions: { 'Node.js': 'v22' } } }],
  ['of other runs', { runs: 2 }],
  ['made with --quick', { isQuick: true }],
])('takes no results %s onto the same page', (_, more) => {
  const file = newFile();
  writeResults(file, results('idle', '', more));
  expect(() => readResults(file, results('decode', ''))).toThrow(FlagProblem);
  expect(() => readResults(file, results('decode', ''))).toThrow('name another file');
});

it.each(['', '{}', 'null', '[1]', '{"machine":{}}'])(
  'does not write over a file that has something else: %j',
  (text) => {
    const file = newFile();
    writeFileSync(file, text);
    expect(() => readResults(file, results('decode', ''))).toThrow(`${file} is there, and has no results of the bench`);
  },
);
