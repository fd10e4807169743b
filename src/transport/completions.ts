/**
 * One published batch: a count of records and a promise that settles when all of them are finished. There is no
 * promise per record: that is what keeps publishing fast.
 */
export class Completion {
  readonly done: Promise<void>;
  #left: number;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(records: number) {
    this.#left = records;
    this.done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  countDown(records: number): void {
    this.#left -= records;
    if (this.#left === 0) this.#resolve();
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** Neighbouring records of one lane that belong to the same published batch. */
interface Run {
  readonly completion: Completion;
  records: number;
}

/** So many records of a published batch. */
export interface CompletionPart {
  readonly completion: Completion;
  readonly records: number;
}

/**
 * Which published batch the records of one lane belong to, in lane order. Records leave it in that order, so taking
 * `n` records means taking from the first runs.
 */
export class CompletionQueue {
  readonly #runs: Run[] = [];
  #head = 0;
  #newest: Run | undefined;

  /** One more record of this batch stands at the end of the lane. */
  add(completion: Completion): void {
    if (this.#newest?.completion === completion) this.#newest.records++;
    else this.#runs.push((this.#newest = { completion, records: 1 }));
  }

  /** The first `records` records of the lane are finished. */
  finish(records: number): void {
    for (const { completion, records: part } of this.take(records)) completion.countDown(part);
  }

  /** The first `records` records leave the lane; whoever has them now says when they are finished. */
  take(records: number): readonly CompletionPart[] {
    const taken: CompletionPart[] = [];
    for (let left = records; left > 0;) {
      const run = this.#runs[this.#head];
      if (run === undefined) throw new RangeError(`took ${left} records more than were added`);
      const part = Math.min(left, run.records);
      left -= part;
      run.records -= part;
      if (run.records === 0) this.#drop(run);
      taken.push({ completion: run.completion, records: part });
    }
    return taken;
  }

  /** Every batch that still waits here has failed. */
  fail(error: unknown): void {
    for (const run of this.#runs.splice(this.#head)) run.completion.fail(error);
    this.#runs.length = this.#head = 0;
    this.#newest = undefined;
  }

  #drop(run: Run): void {
    if (run === this.#newest) this.#newest = undefined;
    this.#head++;
    if (this.#head === this.#runs.length) this.#runs.length = this.#head = 0;
    else if (this.#head >= 1024 && this.#head * 2 > this.#runs.length) {
      this.#runs.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
