import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { SluiceProcess } from '../local/sluice-process.ts';

const STATE = fileURLToPath(new URL('../../.services/demo/', import.meta.url));
const RULES = fileURLToPath(new URL('../../config/demo.rules.yaml', import.meta.url));

export interface DemoAddresses {
  readonly mysqlUrl: string;
  readonly redisUrl: string;
  /** Null: the in-process queue. */
  readonly kafkaBrokers: readonly string[] | null;
}

export interface Daemons {
  readonly daemons: SluiceProcess[];
  /** Path of their configuration. */
  readonly config: string;
  /** Topics made for this run. */
  readonly topics: readonly string[];
}

/** Writes the daemon's configuration as a user would and starts one process, or capture and two workers. */
export async function startDaemons(addresses: DemoAddresses): Promise<Daemons> {
  const run = Date.now().toString(36);
  const topic = `sluice.demo-${run}`;
  mkdirSync(STATE, { recursive: true });
  const config = `${STATE}sluice-${run}.yaml`;
  const transport =
    addresses.kafkaBrokers === null
      ? { kind: 'in_process' }
      : {
          kind: 'kafka',
          brokers: addresses.kafkaBrokers,
          topic,
          group: `sluice-demo-${run}`,
          partitions: 12,
          replication_factor: 1,
        };
  // JSON is YAML; the addresses and secrets stay what they are.
  const text = JSON.stringify(
    {
      name: 'demo',
      rules: RULES,
      source: { url: addresses.mysqlUrl },
      targets: [{ name: 'main', url: addresses.redisUrl }],
      transport,
      checkpoint: { store: 'file', path: `${STATE}checkpoint-${run}.json` },
      ...(addresses.kafkaBrokers === null ? { dead_letters: { path: `${STATE}dead-letters-${run}.jsonl` } } : {}),
      admin: { port: 0 },
    },
    null,
    2,
  );
  writeFileSync(config, text, { mode: 0o600 });
  const commands = addresses.kafkaBrokers === null ? ['run'] : ['capture', 'apply', 'apply'];
  const daemons: SluiceProcess[] = [];
  // One after another: capture creates the topic that the workers then find.
  for (const command of commands) {
    const daemon = new SluiceProcess({ args: [command, '--config', config] });
    await daemon.ready();
    daemons.push(daemon);
  }
  const topics = addresses.kafkaBrokers === null ? [] : [topic, `${topic}.dead-letters`];
  return { daemons, config, topics };
}

export async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'sluice-demo', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [...topics] });
  } finally {
    await admin.disconnect();
  }
}
