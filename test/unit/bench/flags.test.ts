import { describe, expect, it } from 'vitest';
import { FlagProblem, helpText, parseFlags } from '../../../bench/flags.ts';
import type { Scenario } from '../../../bench/scenario.ts';

const scenario = (name: string): Scenario => ({ name, about: `about ${name}`, run: () => Promise.resolve([]) });
const KNOWN = [scenario('decode'), scenario('idle'), scenario('delay')];
const [decode, idle, delay] = KNOWN;

describe('the flags of the benchmark', () => {
  it('are five runs of everything without any', () => {
    expect(parseFlags([], KNOWN)).toEqual({
      kind: 'measure',
      isQuick: false,
      runs: 5,
      withPeers: false,
      scenarios: KNOWN,
      json: null,
    });
  });

  it('with --quick are fewer runs, unless somebody says how many', () => {
    expect(parseFlags(['--quick'], KNOWN)).toMatchObject({ isQuick: true, runs: 2 });
    expect(parseFlags(['--quick', '--runs', '7'], KNOWN)).toMatchObject({ isQuick: true, runs: 7 });
  });

  it('choose scenarios in the order that was asked for, a file for the results, and peers', () => {
    const flags = parseFlags(['--scenario', 'delay, decode', '--json', 'out.json', '--peers'], KNOWN);
    expect(flags).toMatchObject({ scenarios: [delay, decode], json: 'out.json', withPeers: true });
    expect(parseFlags(['--scenario', 'idle'], KNOWN)).toMatchObject({ scenarios: [idle] });
  });

  it('can ask for the page instead of a run, and for help before anything else', () => {
    expect(parseFlags(['--write-docs', 'out.json'], KNOWN)).toEqual({ kind: 'write-docs', file: 'out.json' });
    expect(parseFlags(['--help', '--quick'], KNOWN)).toEqual({ kind: 'help' });
  });

  it.each([
    [['--runs', '0'], /--runs takes a number from 1 to 999, not "0"/],
    [['--runs', '1000'], /not "1000"/],
    [['--runs', '5x'], /not "5x"/],
    [['--scenario', 'decod'], /no scenario is named "decod"; there are decode, idle, delay/],
    [['--scenario', ''], /no scenario is named ""/],
    [['--fast'], /--fast/],
    [['--json'], /--json/],
    [['decode'], /decode/],
  ])('%j are refused by what is wrong with them', (args, message) => {
    expect(() => parseFlags(args, KNOWN)).toThrow(FlagProblem);
    expect(() => parseFlags(args, KNOWN)).toThrow(message);
  });

  it('are all in the help, with every scenario', () => {
    const help = helpText(KNOWN);
    for (const flag of ['quick', 'scenario', 'runs', 'peers', 'json', 'write-docs', 'help']) expect(help).toContain(`--${flag}`); // prettier-ignore
    for (const { name, about } of KNOWN) expect(help).toMatch(new RegExp(`${name} +${about}`));
  });
});
