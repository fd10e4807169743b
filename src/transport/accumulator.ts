import { Completion, CompletionQueue } from './completions.ts';

/** A record ready to be sent. The partition is chosen by us, never by the client library. */
export interface OutgoingRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly partition: number;
}

export interface RecordSender {
  /**
   * Resolves when all of them are durable in this order, after as many repetitions as it takes. Called for several
   * partitions at the same time, but never twice at once for one partition. Rejects only when it can never succeed.
   */
  send(partition: number, records: OutgoingRecord[]): Promise<void>;
}

export interface AccumulatorOptions {
  readonly partitions: number;
  readonly sender: RecordSender;
  /** kafkajs groups a batch in quadratic time: 1,000 records take 4 ms, 20,000 take 1.9 s. */
  readonly maxBatchRecords?: number;
  /** Below the broker's `message.max.bytes` (1 MiB unless configured), which counts the whole batch. */
  readonly maxBatchBytes?: number;
}

/**
 * Collects records per partition and keeps **exactly one send in flight per partition**: with two, an idempotent
 * kafkajs producer may reuse a sequence number after a time-out, and one of the batches is lost. While a send is under
 * way the next records collect, so batches grow with the load and a lone record waits for nothing.
 */
export class Accumulator {
  readonly #lanes: readonly Lane[];
  readonly #sender: RecordSender;
  readonly #maxBatchRecords: number;
  readonly #maxBatchBytes: number;
  #depth = 0;
  #failure: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(options: AccumulatorOptions) {
    this.#lanes = Array.from({ length: options.partitions }, () => new Lane());
    this.#sender = options.sender;
    this.#maxBatchRecords = options.maxBatchRecords ?? 1000;
    this.#maxBatchBytes = options.maxBatchBytes ?? 900_000;
  }

  /** Records given and not yet durable. */
  depth(): number {
    return this.#depth;
  }

  /** Resolves when all are durable; rejects with the first permanent failure of any record. */
  add(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (records.length === 0) return Promise.resolve();
    const completion = new Completion(records.length);
    this.#depth += records.length;
    const touched = new Set<number>();
    for (const record of records) {
      const lane = this.#lanes[record.partition];
      if (lane === undefined) throw new RangeError(`there is no partition ${record.partition}`);
      lane.records.push(record);
      lane.completions.add(completion);
      touched.add(record.partition);
    }
    for (const partition of touched) void this.#drain(partition);
    return completion.done;
  }

  /** Resolves when nothing waits or is under way. */
  async idle(): Promise<void> {
    if (this.#depth > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Everything that waits rejects, and whatever comes later. One lost record would break the order of its key. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const lane of this.#lanes) lane.fail(error);
    this.#depth = 0;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #drain(partition: number): Promise<void> {
    const lane = this.#lanes[partition];
    if (lane === undefined || lane.sending) return;
    lane.sending = true;
    try {
      while (lane.records.length > 0) {
        const batch = lane.take(this.#maxBatchRecords, this.#maxBatchBytes);
        await this.#sender.send(partition, batch);
        if (this.#failure !== undefined) return;
        this.#depth -= batch.length;
        lane.completions.finish(batch.length);
        if (this.#depth === 0) for (const resolve of this.#idle.splice(0)) resolve();
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      lane.sending = false;
    }
  }
}

/** What waits for one partition, in order. */
class Lane {
  readonly completions = new CompletionQueue();
  records: OutgoingRecord[] = [];
  sending = false;

  /** At least one record, however large: the broker decides about that. */
  take(maxRecords: number, maxBytes: number): OutgoingRecord[] {
    let count = 0;
    let bytes = 0;
    for (const record of this.records) {
      bytes += record.value.length + record.key.length + RECORD_OVERHEAD_BYTES;
      if (count > 0 && (count >= maxRecords || bytes > maxBytes)) break;
      count++;
    }
    return this.records.splice(0, count);
  }

  fail(error: Error): void {
    this.records = [];
    this.completions.fail(error);
  }
}

/** Lengths, deltas and attributes of one record in a record batch (KIP-98), with room to spare. */
const RECORD_OVERHEAD_BYTES = 32;
