import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { startMysql, type ThrowawayMysql } from '../../../deploy/local/services.ts';
import type { SluiceProcessOptions } from '../../../deploy/local/sluice-process.ts';
import { Topic } from '../../support/topic.ts';
import { createStatements } from '../load/tables.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import { filesOf, PARTITIONS, type Mode } from './config.ts';
import { DaemonSlot } from './daemon-slot.ts';
import { openKafka, type KafkaWorld } from './kafka-world.ts';
import type { Expects } from './exits.ts';
import { Link } from './link.ts';
import { Primary } from './primary.ts';
import { openRedis, type RedisKind, type RedisWorld } from './redis-world.ts';

export interface WorldOptions {
  readonly name: string;
  readonly mode: Mode;
  /** The daemon to run. */
  readonly main: string;
  readonly random: Random;
  readonly journal: Journal;
  readonly againAfterMs: number | null;
  readonly brokers?: 1 | 3;
  readonly mysqlFlags?: readonly string[];
  readonly flavour?: 'mysql' | 'mariadb';
  /** Default: one server. */
  readonly redis?: RedisKind;
  /** Merged over the configuration's top level. */
  readonly config?: Readonly<Record<string, unknown>> & { readonly checkpoint?: CheckpointOptions };
  readonly applies?: number;
  readonly captures?: number;
  readonly runs?: number;
  readonly nodeArgs?: readonly string[];
  readonly expects?: Expects;
}

interface CheckpointOptions {
  readonly store: 'file' | 'redis' | 'kafka';
  readonly interval: string;
}

/** Nobody waits for a lock longer than a fault lasts. */
const SHORT_LOCKS = '--innodb-lock-wait-timeout=5';

/** One scenario's own servers, the links to them, and its daemons. */
export class World {
  readonly options: WorldOptions;
  readonly journal: Journal;
  readonly database = 'app';
  readonly prefix = 'app:';
  readonly folder: string;
  /** The MySQL that takes writes; after a fail-over it is the other one. */
  server: ThrowawayMysql;
  replica: ThrowawayMysql | null = null;
  readonly redisWorld: RedisWorld;
  readonly kafka: KafkaWorld | null;
  readonly links: { readonly mysql: Link; readonly redis: Link; readonly kafka: Link | null };
  readonly primary: Primary;
  readonly redis: Redis | Cluster;
  readonly slots: DaemonSlot[] = [];
  /** What else is to be taken away in the end. */
  readonly closing: (() => Promise<void>)[] = [];

  /** Of the topic, and in the daemons' configuration. */
  partitions = PARTITIONS;
  /** The topic no longer holds all that was told, or keys are in other partitions than before. */
  topicChanged = false;

  readonly #firstServer: ThrowawayMysql;

  private constructor(options: WorldOptions, parts: WorldParts) {
    this.options = options;
    this.journal = options.journal;
    this.folder = join(options.journal.folder, 'daemon');
    this.server = parts.mysql;
    this.#firstServer = parts.mysql;
    this.redisWorld = parts.redis;
    this.kafka = parts.kafka;
    this.links = { mysql: parts.mysqlLink, redis: parts.redisLink, kafka: parts.kafka?.link ?? null };
    this.primary = new Primary(parts.mysql.url);
    this.redis = parts.redis.client;
  }

  static async open(options: WorldOptions): Promise<World> {
    const { mysql, redis, kafka } = await startServers(options);
    const mysqlLink = await Link.open('mysql', { host: '127.0.0.1', port: mysql.port });
    const redisLink = await Link.open('redis', { host: '127.0.0.1', port: redis.nodes[0]?.port ?? 0 });
    const world = new World(options, { mysql, redis, kafka, mysqlLink, redisLink });
    for (const sql of createStatements(world.database)) await world.primary.run(sql);
    world.writeFiles();
    world.#addDaemons();
    return world;
  }

  get name(): string {
    return `faults-${this.options.name}`;
  }

  get checkpointStore(): 'file' | 'redis' | 'kafka' {
    return this.options.config?.checkpoint?.store ?? 'file';
  }

  get mysqlFlags(): readonly string[] {
    return flagsOf(this.options);
  }

  slot(name: string): DaemonSlot {
    const found = this.slots.find((slot) => slot.name === name);
    if (found === undefined) throw new Error(`no daemon ${name}`);
    return found;
  }

  async startDaemons(): Promise<void> {
    for (const slot of this.slots) {
      slot.start();
      // Capture first: it makes the topic that the others find.
      await slot.ready(60_000);
    }
  }

  addDaemon(name: string, command: string): DaemonSlot {
    const { journal, expects } = this.options;
    const slot = new DaemonSlot({
      name,
      journal,
      command: () => this.commandOf(command),
      ...(expects ? { expects } : {}),
    });
    this.slots.push(slot);
    return slot;
  }

  commandOf(command: string): SluiceProcessOptions {
    const { main, nodeArgs = [] } = this.options;
    return { main, nodeArgs, args: [command, '--config', join(this.folder, 'sluice.yaml')] };
  }

  async close(): Promise<void> {
    for (const slot of this.slots) slot.resume();
    await Promise.all(this.slots.map((slot) => slot.end('SIGKILL')));
    this.redis.disconnect();
    await this.primary.close();
    await Promise.all([this.links.mysql.close(), this.links.redis.close()]);
    await Promise.all([
      this.#firstServer.remove(),
      ...this.closing.map((close) => close()),
      this.redisWorld.close(),
      this.kafka?.close(),
    ]);
  }

  /** Records that the workers have not committed; 0 without Kafka. */
  async lag(): Promise<number> {
    if (this.kafka === null) return 0;
    return this.topic().lag(`sluice.${this.name}.main`);
  }

  topic(suffix = ''): Topic {
    return new Topic({ brokers: this.kafka?.ownBrokers ?? [], name: `sluice.${this.name}${suffix}` });
  }

  /** Of the broker that leads most partitions of the topic. */
  async leaderPort(): Promise<number | null> {
    const counts = new Map<number, number>();
    for (const port of (await this.topic().leaders()).values()) counts.set(port, (counts.get(port) ?? 0) + 1);
    const [most] = [...counts].sort(([, a], [, b]) => b - a);
    return most?.[0] ?? null;
  }

  #addDaemons(): void {
    const { mode, applies = 2, captures = 1, runs = 1 } = this.options;
    if (mode === 'in_process') {
      for (let n = 1; n <= runs; n++) this.addDaemon(`run-${n}`, 'run');
      return;
    }
    for (let n = 1; n <= captures; n++) this.addDaemon(`capture-${n}`, 'capture');
    for (let n = 1; n <= applies; n++) this.addDaemon(`apply-${n}`, 'apply');
  }

  /** What the daemons read at their next start. */
  writeFiles(): void {
    const { againAfterMs, config = {}, mode } = this.options;
    const files = filesOf({
      name: this.name,
      database: this.database,
      prefix: this.prefix,
      mode,
      mysqlPort: this.links.mysql.port,
      redis: this.redisWorld.target ?? { url: `redis://127.0.0.1:${this.links.redis.port}` },
      brokers: this.kafka?.brokers ?? [],
      replicationFactor: this.options.brokers ?? 1,
      partitions: this.partitions,
      againAfter: againAfterMs === null ? null : `${againAfterMs}ms`,
      more: config,
    });
    mkdirSync(this.folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(this.folder, name), JSON.stringify(content, null, 2));
    }
  }
}

/** When one does not start, the others end: else they would keep the run from its end. */
async function startServers(options: WorldOptions) {
  const starts = [
    startMysql({ flavour: options.flavour ?? 'mysql', flags: flagsOf(options) }),
    openRedis(options.redis ?? 'one'),
    options.mode === 'kafka' ? openKafka(options.brokers ?? 1) : Promise.resolve(null),
  ] as const;
  try {
    const [mysql, redis, kafka] = await Promise.all(starts);
    return { mysql, redis, kafka };
  } catch (error) {
    const [mysql, redis, kafka] = await Promise.allSettled(starts);
    if (mysql.status === 'fulfilled') await mysql.value.remove();
    if (redis.status === 'fulfilled') {
      redis.value.client.disconnect();
      await redis.value.close();
    }
    if (kafka.status === 'fulfilled') await kafka.value?.close();
    throw error;
  }
}

function flagsOf({ mysqlFlags = [] }: WorldOptions): readonly string[] {
  return [SHORT_LOCKS, ...mysqlFlags];
}

interface WorldParts {
  readonly mysql: ThrowawayMysql;
  readonly redis: RedisWorld;
  readonly kafka: KafkaWorld | null;
  readonly mysqlLink: Link;
  readonly redisLink: Link;
}
