#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { registerApply } from './cli/apply.ts';
import { registerCapture } from './cli/capture.ts';
import { registerCheck } from './cli/check.ts';
import { registerDeadLetters } from './cli/dead-letters.ts';
import { registerExplain } from './cli/explain.ts';
import { reportError } from './cli/report-error.ts';
import { registerRun } from './cli/run.ts';
import { registerTail } from './cli/tail.ts';
import { registerTest } from './cli/test.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// `sluice tail | head` closes our output: whoever listened has enough, which is an ordered end and no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Command('sluice')
  .description(
    'Keeps Redis honest about MySQL: joins as a replica, maps row changes to cache keys, deletes or refreshes them.',
  )
  .version(version)
  .showHelpAfterError('(sluice --help shows what there is)')
  .addHelpText(
    'after',
    `
Examples:
  sluice check --config sluice.yaml            validate configuration and rules, touch nothing
  sluice check --config sluice.yaml --live     and look at MySQL, Redis and Kafka
  sluice test                                  run the tests beside the rules
  sluice explain --config sluice.yaml --last 20   what the newest transactions mean, and why
  sluice run --config sluice.yaml              one process, in-process queue
  sluice capture --config sluice.yaml          MySQL to Kafka
  sluice apply --config sluice.yaml            Kafka to Redis; any number of them
  sluice tail --config sluice.yaml --key 'product:1*'
  sluice dead-letters list --config sluice.yaml   what could not be applied, and why

Exit codes: 0 ordered stop, 1 unexpected, 2 configuration or server settings, 3 position gone, 4 lease lost.`,
  )
  .exitOverride();

const commands = [
  registerRun,
  registerCapture,
  registerApply,
  registerCheck,
  registerTest,
  registerExplain,
  registerTail,
  registerDeadLetters,
];
for (const register of commands) register(program);

try {
  await program.parseAsync();
} catch (error) {
  // commander has printed its own message; a wrong command line is a configuration error (2), --help is none (0).
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(error);
}
