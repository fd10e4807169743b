/**
 * `npm run test:fuzz -- --inputs 1000000 --seed 1 --minutes 30`, `--only decoder` for one target, or
 * `--only 'decoder:4711'` for one input.
 */
import { parseArgs } from 'node:util';
import { formatReport, runFuzz } from './run-fuzz.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    only: { type: 'string' },
  },
});
const [target, input] = values.only?.split(':') ?? [];
const inputs = Number(values.inputs);
const [from, to] = input === undefined ? [0, inputs] : [Number(input), Number(input) + 1];
const seed = Number(values.seed);
const report = await runFuzz({
  seed,
  inputs,
  minutes: Number(values.minutes),
  only: target === undefined ? null : { target, from, to },
});
process.stdout.write(`${formatReport(report, seed)}\n`);
process.exitCode = report.findings.length === 0 ? 0 : 1;
