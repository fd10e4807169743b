/** The file of `--json`: hours of measuring may be done in pieces, one scenario after another into the same file. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { FlagProblem } from './flags.ts';
import type { Machine } from './machine.ts';
import type { Results } from './performance.ts';

/** What has to be the same of everything on one page. */
type Setting = Pick<Results, 'isQuick' | 'runs'> & { readonly machine: Machine };

/** What the file has already; null: it is not there. Throws a FlagProblem if it is something else, or was made otherwise. */
export function readResults(file: string, setting: Setting): Results | null {
  if (!existsSync(file)) return null;
  const before = parse(readFileSync(file, 'utf8'));
  if (before === null) throw new FlagProblem(`${file} is there, and has no results of the bench; name another file`);
  const [old, now] = [settingText(before), settingText(setting)];
  if (old === now) return before;
  throw new FlagProblem(`${file} has results of ${old}, and these would be of ${now}; name another file`);
}

/** Whole or not at all: what is in the file took hours. */
export function writeResults(file: string, { machine, isQuick, runs, note, scenarios }: Results): void {
  writeFileSync(`${file}.new`, `${JSON.stringify({ machine, isQuick, runs, note, scenarios }, null, 1)}\n`);
  renameSync(`${file}.new`, file);
}

/** What was measured now takes the place of what was measured before; `order` is that of the scenarios on the page. */
export function joined(before: Results | null, now: Results, order: readonly string[]): Results {
  if (before === null) return now;
  const names = new Set(now.scenarios.map(({ scenario }) => scenario));
  const kept = before.scenarios.filter(({ scenario }) => !names.has(scenario));
  const placeOf = (name: string): number => order.indexOf(name);
  const scenarios = [...kept, ...now.scenarios].sort((a, b) => placeOf(a.scenario) - placeOf(b.scenario));
  const machine = {
    ...now.machine,
    load: Math.max(before.machine.load, now.machine.load),
    versions: joinedVersions(before.machine.versions, now.machine.versions),
  };
  return { ...before, ...now, machine, scenarios };
}

function joinedVersions(before: Machine['versions'], now: Machine['versions']): Machine['versions'] {
  const versions: Record<string, string> = { ...before };
  for (const [name, version] of Object.entries(now)) {
    const known = versions[name]?.split(', ') ?? [];
    versions[name] = [...new Set([...known, version])].join(', ');
  }
  return versions;
}

function settingText({ machine: { processor, cores, memoryGb, versions }, isQuick, runs }: Setting): string {
  const size = isQuick ? 'quick runs' : 'runs';
  return `${runs} ${size} on ${processor}, ${cores} cores, ${memoryGb} GB, Node.js ${versions['Node.js'] ?? 'unknown'}`;
}

function parse(text: string): Results | null {
  try {
    const value = JSON.parse(text) as Partial<Results> | null;
    return value?.machine !== undefined && Array.isArray(value.scenarios) ? (value as Results) : null;
  } catch {
    return null;
  }
}
