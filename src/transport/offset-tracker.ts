import { OpenBatches, type ReadBatch } from './open-batches.ts';

/** Kafka offsets are 64-bit; as numbers they are exact up to 2^53, which no partition reaches. */
export interface PartitionOffset {
  readonly partition: number;
  /** The offset to read next: everything before it is finished. */
  readonly offset: number;
}

/** Records that are not where reading should have gone on. */
export interface OffsetJump {
  readonly expected: number;
  readonly found: number;
}

interface Progress {
  /** Where reading goes on; undefined for a partition of a new group. */
  next: number | undefined;
  readonly open: OpenBatches;
  /** Everything before it is finished. */
  finished: number | undefined;
  committed: number | undefined;
  /** The oldest record the broker has. */
  low: number;
  highWatermark: number;
}

/**
 * How far each assigned partition is read, finished and committed: batches finish in any order, and a commit stops before the
 * oldest that is not. Begins anew with every assignment: what another member
 * does with a partition meanwhile is not known here.
 */
export class OffsetTracker {
  readonly #partitions = new Map<number, Progress>();
  /** The furthest offset that the group is known to have committed, of every partition. */
  readonly #known = new Map<number, number>();

  /** The group has assigned these partitions to us. */
  assign(partitions: readonly number[]): void {
    this.#partitions.clear();
    for (const partition of partitions) {
      const unknown = { next: undefined, finished: undefined, committed: undefined };
      this.#partitions.set(partition, { ...unknown, open: new OpenBatches(), low: 0, highWatermark: 0 });
    }
  }

  /**
   * The group has committed this offset, whoever did; below 0 it has none. It has none either when kafkajs has just
   * thrown away one that is out of range: then the furthest one known before is where reading should have gone on.
   */
  groupCommitted({ partition, offset }: PartitionOffset): void {
    if (offset >= 0) this.#known.set(partition, Math.max(offset, this.#known.get(partition) ?? 0));
    const progress = this.#partitions.get(partition);
    const start = offset >= 0 ? offset : this.#known.get(partition);
    if (progress !== undefined && progress.next === undefined) {
      progress.next = progress.finished = progress.committed = start;
    }
  }

  /**
   * A batch beginning at `first` was delivered. Returns a jump if that is not where reading should have gone on:
   * forward, records were deleted before we read them (retention); backward, the topic was recreated or truncated.
   * kafkajs only resets to the oldest record in both cases. Right for a topic without compaction, which has no holes.
   */
  delivered(partition: number, first: number, highWatermark: number): OffsetJump | undefined {
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return undefined;
    progress.highWatermark = highWatermark;
    const expected = progress.next;
    // What is not there need not be waited for.
    if (expected !== first) this.finished(this.read(partition, first));
    return expected === undefined || expected === first ? undefined : { expected, found: first };
  }

  /** Everything before `next` was handed out: reading goes on there, and this batch has to be finished. */
  read(partition: number, next: number): ReadBatch {
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return { partition, next };
    progress.next = next;
    return progress.open.add(partition, next);
  }

  /** In any order. A batch of an earlier assignment is not known any more: somebody else may have it. */
  finished(batch: ReadBatch): void {
    const progress = this.#partitions.get(batch.partition);
    if (progress !== undefined) progress.finished = progress.open.finish(batch) ?? progress.finished;
  }

  /** Finished, as is everything before it, and not committed yet. */
  uncommitted(): PartitionOffset[] {
    return [...this.#partitions].flatMap(([partition, { finished, committed }]) =>
      finished === undefined || finished === committed ? [] : [{ partition, offset: finished }],
    );
  }

  committed({ partition, offset }: PartitionOffset): void {
    const progress = this.#partitions.get(partition);
    if (progress !== undefined) progress.committed = offset;
    this.#known.set(partition, Math.max(offset, this.#known.get(partition) ?? 0));
  }

  /** Records that are not finished, as far as the newest known end of the partition tells. */
  lag(partition: number): number {
    const progress = this.#partitions.get(partition);
    return progress === undefined ? 0 : Math.max(0, progress.highWatermark - (progress.finished ?? progress.low));
  }

  /** The broker says where the partition begins and ends now. */
  ends(partition: number, low: number, high: number): void {
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return;
    progress.low = low;
    progress.highWatermark = high;
  }

  get partitions(): readonly number[] {
    return [...this.#partitions.keys()];
  }
}
