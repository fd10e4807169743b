import type { Command } from 'commander';
import { createRun } from '../run.ts';
import { registerDaemon } from './daemon.ts';

export function registerRun(program: Command): void {
  registerDaemon(program, {
    name: 'run',
    description: 'Everything in one process: MySQL to Redis through the in-process queue',
    help: `
Each target has a pipeline of its own: its own replica connection, position and checkpoint.

Examples:
  sluice run                                   with ./sluice.yaml
  sluice run --config /etc/sluice/shop.yaml
  SLUICE_SOURCE_START=earliest sluice run      every option has an environment variable (docs/configuration.md)`,
    transport: 'in_process',
    parts: ['source', 'read', 'targets'],
    build: createRun,
  });
}
