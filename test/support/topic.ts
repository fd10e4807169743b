import { Kafka, logLevel } from 'kafkajs';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kcatCommand } from '../../deploy/local/services.ts';

/** Looks at a topic from outside, with clients that are not the daemon's. */
export class Topic {
  readonly #kafka: Kafka;
  readonly #brokers: readonly string[];
  readonly name: string;

  constructor(options: { brokers: readonly string[]; name: string }) {
    this.#brokers = options.brokers;
    this.name = options.name;
    this.#kafka = new Kafka({ brokers: [...options.brokers], clientId: 'sluice-test', logLevel: logLevel.NOTHING });
  }

  /** All records as kcat prints them, `format` being kcat's own (-f). */
  async kcat(format: string): Promise<string[]> {
    const [program = '', ...args] = await kcatCommand();
    const flags = [
      '-b',
      this.#brokers.join(','),
      '-C',
      '-t',
      this.name,
      '-o',
      'beginning',
      '-e',
      '-q',
      '-f',
      `${format}\\n`,
    ];
    const { stdout } = await promisify(execFile)(program, [...args, ...flags], { maxBuffer: 1 << 30 });
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Records that the group has not committed, over all partitions. */
  async lag(group: string): Promise<number> {
    return this.#withAdmin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(this.name);
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [this.name] });
      const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return ends.reduce(
        (sum, { partition, high, low }) => sum + Number(high) - Math.max(Number(low), at.get(partition) ?? 0),
        0,
      );
    });
  }

  /** Does nothing if it is there. */
  async create(options: { partitions: number; replicas?: number; retentionMs?: number }): Promise<void> {
    const { partitions, replicas = 1, retentionMs } = options;
    const configEntries = retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }];
    await this.#withAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: this.name, numPartitions: partitions, replicationFactor: replicas, configEntries }],
      }),
    );
  }

  async exists(): Promise<boolean> {
    return this.#withAdmin(async (admin) => (await admin.listTopics()).includes(this.name));
  }

  async remove(): Promise<void> {
    await this.#withAdmin((admin) => admin.deleteTopics({ topics: [this.name] }));
  }

  async grow(options: { partitions: number }): Promise<void> {
    await this.#withAdmin((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: this.name, count: options.partitions }] }),
    );
  }

  /** The port of each partition's leader. */
  async leaders(): Promise<Map<number, number>> {
    return this.#withAdmin(async (admin) => {
      const { brokers } = await admin.describeCluster();
      const { topics } = await admin.fetchTopicMetadata({ topics: [this.name] });
      const portOf = (leader: number) => brokers.find(({ nodeId }) => nodeId === leader)?.port ?? 0;
      return new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, portOf(leader)]));
    });
  }

  async produce(records: readonly { key: string | null; value: string; partition?: number }[]): Promise<void> {
    const producer = this.#kafka.producer();
    await producer.connect();
    try {
      await producer.send({ topic: this.name, messages: [...records] });
    } finally {
      await producer.disconnect();
    }
  }

  async #withAdmin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
