/** The configuration of a scenario's daemons: short times, so that a fault is noticed within its scenario. */
import { rulesOf } from '../load/families.ts';

export type Mode = 'in_process' | 'kafka';

export interface ConfigInput {
  readonly name: string;
  readonly database: string;
  readonly prefix: string;
  readonly mode: Mode;
  readonly mysqlPort: number;
  /** How the target is reached. */
  readonly redis: Readonly<Record<string, unknown>>;
  readonly brokers: readonly string[];
  readonly replicationFactor: number;
  readonly partitions: number;
  readonly againAfter: string | null;
  readonly more: Readonly<Record<string, unknown>>;
}

/** At the beginning. */
export const PARTITIONS = 6;

export function filesOf(input: ConfigInput): Record<string, unknown> {
  return { 'rules.yaml': rulesOf(input.database, input.prefix, input), 'sluice.yaml': configOf(input) };
}

function configOf(input: ConfigInput): Record<string, unknown> {
  return {
    name: input.name,
    rules: 'rules.yaml',
    // The account an operator would give: nothing works only because we are root.
    source: {
      url: `mysql://sluice:sluice@127.0.0.1:${input.mysqlPort}`,
      heartbeat: '1s',
      connect_timeout: '3s',
    },
    read: { url: `mysql://sluice:sluice@127.0.0.1:${input.mysqlPort}`, timeout: '3s' },
    targets: [{ name: 'main', ...input.redis, command_timeout: '2s' }],
    transport: input.mode === 'kafka' ? kafkaOf(input) : { kind: 'in_process', partitions: input.partitions },
    apply: { retry: { max: '1s' }, flush_keys_per_second: 1_000_000 },
    checkpoint: { store: 'file', path: 'state/checkpoint.json', interval: '100ms' },
    ...(input.mode === 'in_process' ? { audit: { path: 'audit.jsonl' } } : {}),
    admin: { port: 0 },
    shutdown: { drain_timeout: '10s' },
    ...input.more,
  };
}

function kafkaOf(input: ConfigInput): Record<string, unknown> {
  return {
    kind: 'kafka',
    brokers: input.brokers,
    topic: `sluice.${input.name}`,
    group: `sluice.${input.name}`,
    partitions: input.partitions,
    replication_factor: input.replicationFactor,
    consumer: { session_timeout: '6s', commit_interval: '200ms' },
  };
}
