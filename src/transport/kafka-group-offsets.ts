import type { Consumer } from 'kafkajs';
import type { Clock, RecordLoss, Remainder, StartTrace } from '../ports.ts';
import { errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { findPlaces, type Places } from './group-places.ts';
import { isAnother, type CommittedOffset } from './group-place.ts';
import { describeKafkaError } from './kafka-errors.ts';
import type { KafkaGroupView } from './kafka-group-view.ts';
import { OffsetTracker, type OffsetJump } from './offset-tracker.ts';
import type { ReadBatch } from './open-batches.ts';
import type { Remainders } from './remainders.ts';

export interface GroupOffsetsOptions {
  readonly topic: string;
  readonly group: string;
  /** Label of the metrics. */
  readonly target: string;
  readonly consumer: Pick<Consumer, 'commitOffsets' | 'seek'>;
  readonly view: KafkaGroupView;
  readonly trace: StartTrace;
  /** Partitions that began anew under the same topic. Outlives the session of a consumer. */
  readonly begunAnew: Set<number>;
  /** Makes good for lost records; undefined: it did not succeed. */
  readonly mend: (loss: RecordLoss, signal: AbortSignal) => Promise<Remainder | null | undefined>;
  readonly remainders: Remainders;
  /** A remainder of `mend` has failed. */
  readonly onFailed: (signal: AbortSignal) => (error: unknown) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a look at the topic has found; a look that was not answered has found nothing, and says nothing. */
type Look = 'fine' | 'unanswered' | { readonly loss: string };

/** Before a place is asked for again about which nothing could be said. */
const ASK_AGAIN_MS = 1_000;

/**
 * What one member tells the group and the operator about its offsets: commits of what is finished (never of what was
 * only delivered), the consumer lag, and records that were deleted before anybody read them (ADR 27).
 *
 * Each commit carries the id of the topic, so that an offset of a topic that was deleted is not taken for one of the topic
 * that was created under its name. All that is found while reading ends the session: losses are dealt with at one place only, where
 * partitions are assigned.
 */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #tracker = new OffsetTracker();
  /** What was committed before kafkajs had the chance to throw it away. */
  readonly #before = new Map<number, CommittedOffset>();
  /** The last jump in each partition, which is believed when it comes again. */
  readonly #doubted = new Map<number, OffsetJump>();
  /** Where each partition ended when the flush for its lost records began: whatever else is deleted before that is made good for. */
  readonly #covered = new Map<number, number>();
  #assignment = 0;
  #topicId: string | null = null;
  #isPlaced = false;
  /** Every partition of the topic has a committed offset. */
  #isComplete = false;
  #ready: Promise<boolean> = Promise.resolve(false);
  #committing: Promise<void> = Promise.resolve();

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
  }

  /** The group has given us these partitions. What the tracker knew of others belongs to other members now. */
  assign(partitions: readonly number[], signal: AbortSignal): void {
    const { metrics, target } = this.#options;
    for (const partition of this.#tracker.partitions) {
      if (partitions.includes(partition)) continue;
      metrics.set('sluice_consumer_lag_records', { target, partition: String(partition) }, 0);
    }
    metrics.set('sluice_kafka_available', { link: `consumer.${target}` }, 0);
    this.#assignment++;
    this.#isPlaced = false;
    this.#doubted.clear();
    this.#covered.clear();
    this.#tracker.assign(partitions);
    this.#ready = this.#begin(partitions, signal);
  }

  /** Resolves when it is known where each assigned partition begins, and what was lost is made good for; false: never. */
  get ready(): Promise<boolean> {
    return this.#ready;
  }

  /** Before joining: kafkajs may throw an offset that is out of range away sooner than it can be read after. */
  async remember(): Promise<void> {
    const { view, topic, group, logger } = this.#options;
    try {
      for (const [partition, committed] of await view.committed(view.partitions())) {
        if (committed.offset >= 0) this.#before.set(partition, committed);
      }
    } catch (error) {
      logger.debug({ topic, group, reason: describeKafkaError(error) }, 'committed offsets not read yet');
    }
  }

  /**
   * A batch was delivered that begins at `first`. Resolves with whether to take it; a batch that is not where reading should go on is
   * asked for once more, from there. Rejects if records are lost.
   */
  async delivered(partition: number, first: number, highWatermark: number): Promise<boolean> {
    this.#showLag(partition);
    if (this.#tracker.delivered(partition, first, highWatermark) === undefined) {
      this.#doubted.delete(partition);
      return true;
    }
    const { topic, consumer, clock } = this.#options;
    const assignment = this.#assignment;
    // kafkajs may have thrown away what is committed.
    this.#tracker.doubtCommitted(partition);
    const found = await this.look();
    if (typeof found === 'object') throw new Error(found.loss);
    if (assignment !== this.#assignment) return false;
    // Where reading should go on may be elsewhere after the look.
    const jump = this.#tracker.delivered(partition, first, highWatermark);
    if (jump === undefined) return true;
    if (found === 'fine') return this.#isInOrder(partition, jump);
    await clock.sleep(ASK_AGAIN_MS);
    if (assignment === this.#assignment) consumer.seek({ topic, partition, offset: String(jump.expected) });
    return false;
  }

  #isInOrder(partition: number, jump: OffsetJump): boolean {
    const { topic, group, target, consumer, begunAnew, logger, metrics } = this.#options;
    const { expected, found } = jump;
    const doubted = this.#doubted.get(partition);
    if (doubted?.expected !== expected || doubted.found !== found) {
      // A batch that was fetched before the last rebalance, for one.
      this.#doubted.set(partition, jump);
      consumer.seek({ topic, partition, offset: String(expected) });
      return false;
    }
    this.#doubted.delete(partition);
    if (found < expected) {
      begunAnew.add(partition);
      throw new Error(`partition ${partition} begins anew before offset ${expected}`);
    }
    // Compaction, the end of somebody's transaction, a segment that is damaged: reading again would find the same hole again.
    metrics.count('sluice_consumer_skipped_records_total', { target }, found - expected);
    logger.error(
      { topic, group, partition, ...jump },
      'a hole in the partition: if there were records, keys are stale',
    );
    this.finished(this.read(partition, found));
    return true;
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

  /**
   * Asks the broker now and then: a consumer that is held up fetches nothing and so learns of no new records, and kafkajs says nothing
   * of a topic that was created anew. Resolves with what is wrong with the place where we read.
   */
  async look(): Promise<Look> {
    const { view, topic, logger } = this.#options;
    const assignment = this.#assignment;
    // Before the question: reading goes on while it is answered.
    const nexts = this.#tracker.nexts();
    try {
      const topicId = await view.topicId();
      const ends = await view.ends(this.#tracker.partitions);
      if (assignment !== this.#assignment) return 'unanswered';
      for (const [partition, { low, high }] of ends) {
        this.#tracker.ends(partition, low, high);
        this.#showLag(partition);
      }
      if (!this.#isPlaced) return 'unanswered';
      if (isAnother(topicId, this.#topicId)) return { loss: `topic ${topic} was created anew` };
      this.#topicId ??= topicId;
      for (const [partition, { low, high }] of ends) {
        if (low <= (this.#covered.get(partition) ?? 0)) this.#skipTo(partition, low);
        const next = this.#tracker.nexts().get(partition) ?? low;
        if (next < low) return { loss: `records of partition ${partition} were deleted before they were read` };
        const before = nexts.get(partition) ?? 0;
        if (before > high) return { loss: `partition ${partition} ends before offset ${before}` };
      }
      return 'fine';
    } catch (error) {
      logger.debug({ topic, reason: describeKafkaError(error) }, 'the topic could not be looked at');
      await view.refresh().catch(() => undefined);
      return 'unanswered';
    }
  }

  /** Retention goes on while a flush lasts: what it takes meanwhile was in the topic when the flush began, and is no new loss. */
  #skipTo(partition: number, low: number): void {
    const { topic, consumer } = this.#options;
    if ((this.#tracker.nexts().get(partition) ?? low) >= low) return;
    this.finished(this.read(partition, low));
    consumer.seek({ topic, partition, offset: String(low) });
  }

  /** Once each partition has an offset, one that is missing means something. Repeated, because the target may forget it. */
  async leaveTrace(): Promise<void> {
    const { view, trace, logger, group } = this.#options;
    try {
      if (!this.#isComplete) {
        const committed = await view.committed(view.partitions());
        this.#isComplete = committed.size > 0 && [...committed.values()].every(({ offset }) => offset >= 0);
      }
      if (this.#isComplete) await trace.leave();
    } catch (error) {
      logger.debug({ group, reason: errorMessage(error) }, 'no trace of this group could be left yet');
    }
  }

  async #begin(partitions: readonly number[], signal: AbortSignal): Promise<boolean> {
    const { metrics, target } = this.#options;
    const found = await findPlaces(partitions, { ...this.#options, before: this.#before }, signal);
    if (found === null) return false;
    const { places, topicId } = found;
    this.#topicId = topicId;
    for (const [partition, { end }] of places) this.#tracker.ends(partition, end.low, end.high);
    const lost = new Map([...places].filter(([, place]) => place.lost !== null));
    for (const [partition, { offset, isCommitted }] of places) {
      if (!lost.has(partition)) this.#tracker.start({ partition, offset }, { isCommitted });
    }
    const mended = lost.size > 0 ? this.#mend(lost, signal) : true;
    // Behind the beginning of `mend`, which says itself that the worker is not ready: there must be no moment in between.
    metrics.set('sluice_kafka_available', { link: `consumer.${target}` }, 1);
    if (!(await mended)) return false;
    this.#isPlaced = true;
    void this.commit();
    return true;
  }

  /** All of them at once: what the rules own is flushed once. */
  async #mend(lost: Places, signal: AbortSignal): Promise<boolean> {
    const { topic, group, target, consumer, metrics, logger, mend, remainders, onFailed, begunAnew } = this.#options;
    const partitions = [...lost.keys()];
    const batches: ReadBatch[] = [];
    for (const [partition, { offset, lost: reason, skipped }] of lost) {
      logger.error(
        { topic, group, partition, reason, skipped, from: offset },
        'records may be lost: reading on from the oldest',
      );
      if (skipped > 0) metrics.count('sluice_consumer_skipped_records_total', { target }, skipped);
      this.#covered.set(partition, this.#tracker.end(partition));
      batches.push(this.#tracker.startBehindLoss({ partition, offset }));
      // What was fetched from elsewhere is stale for kafkajs from now on.
      consumer.seek({ topic, partition, offset: String(offset) });
    }
    const reason = [...lost.values()][0]?.lost ?? 'offsets_missing';
    const remainder = await mend({ reason, partitions }, signal);
    if (remainder === undefined) return false;
    const finish = (): void => {
      for (const batch of batches) this.finished(batch);
      for (const partition of partitions) {
        begunAnew.delete(partition);
        this.#before.delete(partition);
      }
    };
    if (remainder === null) finish();
    else remainders.watch(remainder, finish, onFailed(signal));
    return !signal.aborted;
  }

  async #commitNow(): Promise<void> {
    const { topic, group, consumer, logger } = this.#options;
    const assignment = this.#assignment;
    const offsets = this.#tracker.uncommitted();
    if (offsets.length === 0) return;
    const metadata = this.#topicId;
    try {
      await consumer.commitOffsets(
        offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset), metadata })),
      );
    } catch (error) {
      logger.info({ topic, group, reason: describeKafkaError(error) }, 'offsets not committed');
      return;
    }
    if (assignment !== this.#assignment) return;
    for (const each of offsets) {
      this.#tracker.committed(each);
      this.#before.set(each.partition, { offset: each.offset, topicId: metadata });
    }
    if (!this.#isComplete) void this.leaveTrace();
  }

  #showLag(partition: number): void {
    const { metrics, target } = this.#options;
    const labels = { target, partition: String(partition) };
    metrics.set('sluice_consumer_lag_records', labels, this.#tracker.lag(partition));
  }
}
