import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceProcess } from '../deploy/local/sluice-process.ts';
import { removeTopics } from './topics.ts';
import type { Coordinates } from './workload.ts';

export interface DaemonSettings {
  readonly mysqlUrl: string;
  readonly redisUrl: string;
  /** Where the very first start begins. */
  readonly from: Coordinates;
  readonly rules: readonly object[];
  /** Left out: in one process. */
  readonly brokers?: readonly string[];
}

export type Command = 'run' | 'capture' | 'apply';

let counter = 0;

/** The files of one measurement, in a folder that goes away with it, and the daemons that run with them. */
export class Daemons {
  readonly topic = `sluice.bench.${process.pid}.${Date.now().toString(36)}.${counter++}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  readonly #brokers: readonly string[] | null;
  readonly #running: SluiceProcess[] = [];

  constructor({ mysqlUrl, redisUrl, from, rules, brokers }: DaemonSettings) {
    this.#brokers = brokers ?? null;
    this.#write('rules.yaml', { rules });
    this.#write('sluice.yaml', {
      // Of its own, when there is a topic: the consumer group is derived from it.
      name: brokers === undefined ? 'bench' : this.topic.replaceAll('.', '-'),
      rules: 'rules.yaml',
      source: { url: mysqlUrl, start: { file: from.file, offset: from.offset } },
      targets: [{ name: 'main', url: redisUrl }],
      ...(brokers !== undefined && { transport: { kind: 'kafka', brokers, topic: this.topic, partitions: 12, replication_factor: 1 } }), // prettier-ignore
      admin: { port: 0 },
      log: { level: 'info' },
    });
  }

  start(command: Command): SluiceProcess {
    const daemon = new SluiceProcess({ args: [command, '--config', join(this.#folder, 'sluice.yaml')] });
    this.#running.push(daemon);
    return daemon;
  }

  async ready(): Promise<void> {
    await Promise.all(this.#running.map((daemon) => daemon.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((daemon) => daemon.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#brokers !== null) await removeTopics(this.#brokers, [this.topic, this.topic.replaceAll('.', '-')]);
  }

  #write(name: string, content: object): void {
    writeFileSync(join(this.#folder, name), JSON.stringify(content));
  }
}
