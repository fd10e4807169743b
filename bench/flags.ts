import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';

export interface Flags {
  readonly isQuick: boolean;
  readonly runs: number;
  readonly withPeers: boolean;
  readonly scenarios: readonly Scenario[];
  /** Where the results are written; null: only the terminal gets them. */
  readonly json: string | null;
}

/** Either measures, or makes docs/performance.md of what was measured. */
export type Command = { readonly kind: 'measure' } & Flags | { readonly kind: 'write-docs'; readonly file: string } | { readonly kind: 'help' }; // prettier-ignore

/** The command line cannot be understood: exit code 2. */
export class FlagProblem extends Error {}

const FULL_RUNS = 5;
const QUICK_RUNS = 2;

export function parseFlags(args: readonly string[], known: readonly Scenario[]): Command {
  const { help, quick = false, peers = false, json, runs, scenario, 'write-docs': docs } = values(args);
  if (help === true) return { kind: 'help' };
  if (docs !== undefined) return { kind: 'write-docs', file: docs };
  return {
    kind: 'measure',
    isQuick: quick,
    runs: runs === undefined ? (quick ? QUICK_RUNS : FULL_RUNS) : runsOf(runs),
    withPeers: peers,
    scenarios: scenario === undefined ? known : scenario.split(',').map((name) => scenarioOf(name, known)),
    json: json ?? null,
  };
}

function values(args: readonly string[]) {
  try {
    const options = {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      peers: { type: 'boolean' },
      json: { type: 'string' },
      runs: { type: 'string' },
      scenario: { type: 'string' },
      'write-docs': { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new FlagProblem(error instanceof Error ? error.message : String(error));
  }
}

function runsOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new FlagProblem(`--runs takes a number from 1 to 999, not ${JSON.stringify(text)}`);
  return Number(text);
}

function scenarioOf(name: string, known: readonly Scenario[]): Scenario {
  const found = known.find((each) => each.name === name.trim());
  if (found !== undefined) return found;
  const names = known.map((each) => each.name).join(', ');
  throw new FlagProblem(`no scenario is named ${JSON.stringify(name)}; there are ${names}`);
}

export function helpText(known: readonly Scenario[]): string {
  const width = Math.max(...known.map(({ name }) => name.length)) + 2;
  return `npm run bench -- [flags]

  --quick               small sizes and ${QUICK_RUNS} runs: shows that everything works, and roughly how it stands
  --scenario NAME,NAME  only these
  --runs N              how often each contestant does the work (default ${FULL_RUNS}, with --quick ${QUICK_RUNS})
  --peers               Debezium and Canal take part: needs Java 17, and Maven for the first download
  --json FILE           write the results there; what other scenarios have left in it stays
  --write-docs FILE     measure nothing: make docs/performance.md from such a file
  --help

Only the ratios mean anything: all contestants of a scenario do the same work in turns, on the same servers, in one run.

${known.map(({ name, about }) => `  ${name.padEnd(width)}${about}`).join('\n')}
`;
}
