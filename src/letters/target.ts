/** Where replayed invalidations go: the topic, or the targets of the configuration by the worker's own code. */
import { RedisCache } from '../cache/redis-cache.ts';
import type { Invalidation } from '../model/invalidation.ts';
import type { Cache, Clock, DeadLetter, DeliveredItem } from '../ports.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/logger.ts';
import { Metrics } from '../runtime/metrics.ts';
import { kafkaTransport } from '../topics.ts';
import { KafkaPublisher } from '../transport/kafka-publisher.ts';
import { Worker } from '../worker/worker.ts';

export interface ReplayItem {
  /** Of the letter it comes from. */
  readonly id: string;
  readonly invalidation: Invalidation;
  /** Null: every target. */
  readonly target: string | null;
}

export interface ReplayTarget {
  /** Resolves when all are applied, or durable in the topic; gives the ids that failed again, and why. */
  replay(items: readonly ReplayItem[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

export interface ReplayTargetOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createReplayTarget(options: ReplayTargetOptions): ReplayTarget {
  return options.config.transport.kind === 'kafka' ? new TopicReplay(options) : new WorkerReplay(options);
}

/** Published once more: same key, same partition, same version. What is older than what a key holds by then changes nothing. */
class TopicReplay implements ReplayTarget {
  readonly #publisher: KafkaPublisher;

  constructor({ config, clock, logger }: ReplayTargetOptions) {
    const connection = kafkaTransport(config);
    const { topic, partitions } = connection;
    this.#publisher = new KafkaPublisher({ connection, topic, partitions, clock, logger, metrics: new Metrics() });
  }

  async replay(items: readonly ReplayItem[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    signal.throwIfAborted();
    await this.#publisher.publish(items.map(({ invalidation }) => invalidation));
    return new Map();
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }
}

/** Applied at once, beside a daemon that may be running: deletes repeat, and nothing is refreshed (late.ts). */
class WorkerReplay implements ReplayTarget {
  readonly #workers: ReadonlyMap<string, { readonly worker: Worker; readonly cache: Cache }>;
  /** What could not be applied this time either. */
  readonly #failures = new Map<string, string>();

  constructor(options: ReplayTargetOptions) {
    const { config, clock, logger } = options;
    const deadLetters = {
      keep: (letters: readonly DeadLetter[]): Promise<void> => {
        for (const { item, reason } of letters) this.#failures.set(item.place, reason);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    this.#workers = new Map(
      config.targets.map((target) => {
        const { versionTtlMs, flushKeysPerSecond } = config.apply;
        // Another owner than the daemon's: what that has left in Redis for its next start is none of ours.
        const owner = `${config.name}.${target.name}.replay`;
        const cache = new RedisCache({ ...target, owner, versionTtlMs, flushKeysPerSecond, clock });
        const shared = { deadLetters, clock, logger, metrics: new Metrics(), retry: config.apply.retry };
        return [target.name, { cache, worker: new Worker({ ...shared, cache, reader: null, plans: () => undefined }) }];
      }),
    );
  }

  async replay(items: readonly ReplayItem[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    this.#failures.clear();
    for (const { id, target } of items) {
      if (target !== null && !this.#workers.has(target))
        this.#failures.set(id, `there is no target \`${target}\` any more`);
    }
    for (const [name, { worker }] of this.#workers) {
      const own = items.filter(({ target }) => target === null || target === name).map(delivered);
      if (own.length === 0) continue;
      const remainder = await worker.handle({ partition: 0, items: own }, signal);
      await remainder?.finished;
    }
    return new Map(this.#failures);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ cache }) => cache.close()));
  }
}

/** Its place is the letter: so a failure finds back to it. */
function delivered({ id, invalidation }: ReplayItem): DeliveredItem {
  return { kind: 'invalidation', invalidation, place: id };
}
