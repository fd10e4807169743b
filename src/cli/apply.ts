import type { Command } from 'commander';
import { createApply } from '../apply.ts';
import { registerDaemon } from './daemon.ts';

export function registerApply(program: Command): void {
  registerDaemon(program, {
    name: 'apply',
    description: 'Kafka to Redis: any number of workers, one consumer group per target',
    help: `
Start as many as you like, up to the number of partitions. Upgrade workers before capture.

Example:
  sluice apply --config sluice.yaml            with transport.kind: kafka`,
    transport: 'kafka',
    parts: ['read', 'targets', 'kafka'],
    build: createApply,
  });
}
