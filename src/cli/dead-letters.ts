import type { Command } from 'commander';
import { registerList } from './dead-letters-list.ts';
import { registerPurge } from './dead-letters-purge.ts';
import { registerReplay } from './dead-letters-replay.ts';

export function registerDeadLetters(program: Command): void {
  const parent = program
    .command('dead-letters')
    .description('Look after what could not be applied: list, replay, purge')
    .addHelpText(
      'after',
      `
Examples:
  sluice dead-letters list --config sluice.yaml --since 1d
  sluice dead-letters list --config sluice.yaml --rule product-card --json | jq .letter.reason
  sluice dead-letters replay --config sluice.yaml --dry-run
  sluice dead-letters replay --config sluice.yaml --rule product-card --purge
  sluice dead-letters purge --config sluice.yaml --before 30d

Exit code 1 when something could not be replayed. Replaying is safe at any time: deletes repeat, and a refresh that is
older than what its key holds by now changes nothing.`,
    );
  for (const register of [registerList, registerReplay, registerPurge]) register(parent);
}
