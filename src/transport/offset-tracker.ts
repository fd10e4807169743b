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
  /** Where reading goes on; undefined until that is known. */
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

  /** The group has assigned these partitions to us. */
  assign(partitions: readonly number[]): void {
    this.#partitions.clear();
    for (const partition of partitions) {
      const unknown = { next: undefined, finished: undefined, committed: undefined };
      this.#partitions.set(partition, { ...unknown, open: new OpenBatches(), low: 0, highWatermark: 0 });
    }
  }

  /** Reading begins here, and everything before it is finished. `isCommitted`: there is no need to say so. */
  start({ partition, offset }: PartitionOffset, { isCommitted }: { readonly isCommitted: boolean }): void {
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return;
    progress.next = progress.finished = offset;
    progress.committed = isCommitted ? offset : undefined;
  }

  /** Reading begins here, behind records that are lost: they are a batch that has to be finished like any other. */
  startBehindLoss({ partition, offset }: PartitionOffset): ReadBatch {
    return this.read(partition, offset);
  }

  /** A batch beginning at `first` was delivered. Returns a jump if that is not where reading should have gone on. */
  delivered(partition: number, first: number, highWatermark: number): OffsetJump | undefined {
    const progress = this.#partitions.get(partition);
    if (progress === undefined) return undefined;
    progress.highWatermark = highWatermark;
    const expected = progress.next;
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
  }

  /** What is committed is not known any more: it is said again. */
  doubtCommitted(partition: number): void {
    const progress = this.#partitions.get(partition);
    if (progress !== undefined) progress.committed = undefined;
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

  /** The newest known end of the partition. */
  end(partition: number): number {
    return this.#partitions.get(partition)?.highWatermark ?? 0;
  }

  /** Where reading goes on in each partition, as far as that is known. */
  nexts(): Map<number, number> {
    return new Map(
      [...this.#partitions].flatMap(([partition, { next }]) => (next === undefined ? [] : [[partition, next]])),
    );
  }

  get partitions(): readonly number[] {
    return [...this.#partitions.keys()];
  }
}
