import type { Command } from 'commander';
import { createCapture } from '../capture.ts';
import { registerDaemon } from './daemon.ts';

export function registerCapture(program: Command): void {
  registerDaemon(program, {
    name: 'capture',
    description: 'MySQL to Kafka: exactly one per name may be active',
    help: `
Creates the topics if they are missing and refuses topics that do not fit the configuration.

Example:
  sluice capture --config sluice.yaml          with transport.kind: kafka`,
    transport: 'kafka',
    parts: ['source', 'kafka'],
    build: createCapture,
  });
}
