import type { Admin, Consumer } from 'kafkajs';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { describeKafkaError } from './kafka-errors.ts';
import { OffsetTracker } from './offset-tracker.ts';
import type { ReadBatch } from './open-batches.ts';

export interface GroupOffsetsOptions {
  readonly topic: string;
  readonly group: string;
  /** Label of the metrics. */
  readonly target: string;
  readonly consumer: Pick<Consumer, 'commitOffsets'>;
  readonly admin: Pick<Admin, 'fetchOffsets' | 'fetchTopicOffsets'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * What one member tells the group and the operator about its offsets: commits of what is finished (never of what was
 * only delivered), the consumer lag, and records that were deleted before anybody read them.
 */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #tracker = new OffsetTracker();
  #assignment = 0;
  #ready: Promise<void> = Promise.resolve();
  #committing: Promise<void> = Promise.resolve();

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
  }

  /** The group has given us these partitions. What the tracker knew of others belongs to other members now. */
  assign(partitions: readonly number[]): void {
    const { metrics, target } = this.#options;
    for (const partition of this.#tracker.partitions) {
      if (partitions.includes(partition)) continue;
      metrics.set('sluice_consumer_lag_records', { target, partition: String(partition) }, 0);
    }
    this.#assignment++;
    this.#tracker.assign(partitions);
    this.#ready = this.readCommitted();
  }

  /** Resolves when it is known where the first batch of each assigned partition has to begin. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** What the group has committed by now. */
  async readCommitted(): Promise<void> {
    const { topic, group, admin, logger } = this.#options;
    try {
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      for (const { partition, offset } of answer?.partitions ?? []) {
        this.#tracker.groupCommitted({ partition, offset: Number(offset) });
      }
      await this.measureLag();
    } catch (error) {
      logger.debug({ topic, group, reason: describeKafkaError(error) }, 'committed offsets not read');
    }
  }

  /** A batch was delivered that begins at `first`. */
  delivered(partition: number, first: number, highWatermark: number): void {
    const jump = this.#tracker.delivered(partition, first, highWatermark);
    this.#showLag(partition);
    if (jump === undefined) return;
    const { topic, group, target, logger, metrics } = this.#options;
    const fields = { topic, partition, group, ...jump };
    if (jump.found > jump.expected) {
      metrics.count('sluice_consumer_skipped_records_total', { target }, jump.found - jump.expected);
      logger.error(fields, 'records were deleted before this group read them: the cache may be stale');
    } else logger.warn(fields, 'the partition begins before the committed offset: it was recreated or truncated');
  }

  /** A batch was handed out; the offset behind it is `next`. */
  read(partition: number, next: number): ReadBatch {
    return this.#tracker.read(partition, next);
  }

  /** All of it is applied, or kept as a dead letter. */
  finished(batch: ReadBatch): void {
    this.#tracker.finished(batch);
    this.#showLag(batch.partition);
  }

  /** Commits what is finished, one commit after the other. A commit that fails costs a repetition, nothing else. */
  commit(): Promise<void> {
    return (this.#committing = this.#committing.then(() => this.#commitNow()));
  }

  /** A consumer that is held up fetches nothing and so learns of no new records: the broker is asked now and then. */
  async measureLag(): Promise<void> {
    try {
      for (const { partition, low, high } of await this.#options.admin.fetchTopicOffsets(this.#options.topic)) {
        this.#tracker.ends(partition, Number(low), Number(high));
      }
      this.#tracker.partitions.forEach((partition) => this.#showLag(partition));
    } catch (error) {
      this.#options.logger.debug({ reason: describeKafkaError(error) }, 'lag not measured');
    }
  }

  async #commitNow(): Promise<void> {
    const { topic, group, consumer, logger } = this.#options;
    const assignment = this.#assignment;
    const offsets = this.#tracker.uncommitted();
    if (offsets.length === 0) return;
    try {
      await consumer.commitOffsets(
        offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset) })),
      );
      if (assignment === this.#assignment) offsets.forEach((offset) => this.#tracker.committed(offset));
    } catch (error) {
      logger.info({ topic, group, reason: describeKafkaError(error) }, 'offsets not committed');
    }
  }

  #showLag(partition: number): void {
    const { metrics, target } = this.#options;
    const labels = { target, partition: String(partition) };
    metrics.set('sluice_consumer_lag_records', labels, this.#tracker.lag(partition));
  }
}
