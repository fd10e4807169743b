/** A batch on its way from being read to being finished. */
export interface ReadBatch {
  readonly partition: number;
  /** The offset behind it. */
  readonly next: number;
}

/** A link of the chain: one batch, or, once finished, it and all finished ones right before it. */
class OpenBatch implements ReadBatch {
  readonly partition: number;
  readonly next: number;
  owner: OpenBatches | undefined;
  isFinished = false;
  before: OpenBatch | undefined;
  after: OpenBatch | undefined;

  constructor(owner: OpenBatches, partition: number, next: number) {
    this.owner = owner;
    this.partition = partition;
    this.next = next;
  }
}

/**
 * What was read of one partition and is not finished, or stands behind such a batch, in order. Finished neighbours are
 * one link, so what is kept is bounded by the batches under way, however many finish behind the oldest of them. Every step takes the same time.
 */
export class OpenBatches {
  #first: OpenBatch | undefined;
  #last: OpenBatch | undefined;
  #size = 0;

  /** Links kept. */
  get size(): number {
    return this.#size;
  }

  add(partition: number, next: number): ReadBatch {
    const batch = new OpenBatch(this, partition, next);
    batch.before = this.#last;
    if (this.#last === undefined) this.#first = batch;
    else this.#last.after = batch;
    this.#last = batch;
    this.#size++;
    return batch;
  }

  /** Up to where everything is finished, if that has just moved on. A batch of another chain is not known. */
  finish(batch: ReadBatch): number | undefined {
    if (!(batch instanceof OpenBatch) || batch.owner !== this || batch.isFinished) return undefined;
    batch.isFinished = true;
    if (batch.before?.isFinished === true) this.#unlink(batch.before);
    const end = batch.after?.isFinished === true ? batch.after : batch;
    if (end !== batch) this.#unlink(batch);
    if (end !== this.#first) return undefined;
    this.#unlink(end);
    return end.next;
  }

  #unlink(batch: OpenBatch): void {
    if (batch.before === undefined) this.#first = batch.after;
    else batch.before.after = batch.after;
    if (batch.after === undefined) this.#last = batch.before;
    else batch.after.before = batch.before;
    batch.owner = batch.before = batch.after = undefined;
    this.#size--;
  }
}
