import type { Invalidation } from '../model/invalidation.ts';
import type { BatchHandler, InvalidationPublisher, InvalidationSubscription } from '../ports.ts';
import { Completion, type CompletionPart } from './completions.ts';
import { FlushLane, Lane } from './in-process-lanes.ts';
import { partitionFor } from './murmur2.ts';
import { Remainders } from './remainders.ts';

export interface InProcessQueueOptions {
  /** How many loops apply at the same time. Same partition key → same loop → applied in order. */
  readonly partitions: number;
  /** Largest batch one handler call gets, in records. */
  readonly maxBatchRecords?: number;
  /** After a stop, how long a running handler may go on before its signal aborts. */
  readonly drainTimeoutMs?: number;
}

interface Run {
  /** Aborts when nothing new may begin. */
  readonly stop: AbortSignal;
  /** Aborts when what has begun must end. */
  readonly handlers: AbortSignal;
  readonly failed: (error: unknown) => void;
}

/**
 * Publisher and subscription in one process: partitioned queues in memory, nothing durable. That is enough because the
 * binlog itself is the durable log: `publish` resolves when everything was *applied*, remainders too, and only then may the
 * watermark move. What is lost in a crash is read from the binlog again.
 *
 * Bounded by its caller: the in-flight window opens no more batches and bytes than configured (invariant I8).
 * There is no timer: an idle loop wakes in the same tick and takes what is there, a busy one takes everything that
 * came meanwhile. So one invalidation waits for nothing, and a backlog forms batches by itself.
 *
 * Flushes go to one more loop (FlushLane); in its batches `partition` is the number of partitions.
 */
export class InProcessQueue implements InvalidationPublisher, InvalidationSubscription {
  readonly #ordinary: readonly Lane[];
  readonly #flushes: FlushLane;
  /** All of them. */
  readonly #lanes: readonly Lane[];
  readonly #maxBatchRecords: number;
  readonly #drainTimeoutMs: number;
  readonly #remainders = new Remainders();
  /** Handled, and not finished because of a remainder. */
  readonly #unfinished = new Set<readonly CompletionPart[]>();
  #depth = 0;
  #closed = false;
  #failure: { readonly error: Error } | undefined;
  #idle: (() => void)[] = [];

  constructor(options: InProcessQueueOptions) {
    this.#ordinary = Array.from({ length: options.partitions }, (_, partition) => new Lane(partition));
    this.#flushes = new FlushLane(options.partitions, this.#ordinary);
    this.#lanes = [...this.#ordinary, this.#flushes];
    this.#maxBatchRecords = options.maxBatchRecords ?? 2000;
    this.#drainTimeoutMs = options.drainTimeoutMs ?? 10_000;
  }

  /** Invalidations published and not finished. */
  depth(): number {
    return this.#depth;
  }

  /** Resolves when all of them are finished. Rejects when a handler or a remainder rejected, or `run` ended before it came to them. */
  publish(invalidations: readonly Invalidation[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#closed) return Promise.reject(new Error('the in-process queue is closed'));
    if (invalidations.length === 0) return Promise.resolve();
    const completion = new Completion(invalidations.length);
    this.#depth += invalidations.length;
    for (const invalidation of invalidations) {
      if (invalidation.action === 'flush') this.#flushes.push(invalidation, completion);
      else
        this.#ordinary[partitionFor(invalidation.partitionKey, this.#ordinary.length)]?.push(invalidation, completion);
    }
    return completion.done;
  }

  /** One loop per partition and one for flushes, until aborted; to be called once. */
  async run(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const handlers = new AbortController();
    let limit: NodeJS.Timeout | undefined;
    const drain = (): void => {
      if (stop.signal.aborted) return;
      stop.abort();
      for (const lane of this.#lanes) lane.wake();
      limit = setTimeout(
        () => handlers.abort(signal.aborted ? signal.reason : this.#failure?.error),
        this.#drainTimeoutMs,
      );
    };
    if (signal.aborted) drain();
    else signal.addEventListener('abort', drain, { once: true });
    const failed = (error: unknown): void => {
      // Not finished because its time was up is not a failure: the binlog brings it again.
      if (!handlers.signal.aborted) this.#fail(error);
      drain();
    };
    const loop = async (lane: Lane): Promise<void> => {
      try {
        await this.#consume(lane, handler, { stop: stop.signal, handlers: handlers.signal, failed });
      } catch (error) {
        failed(error);
      }
    };
    await Promise.all(this.#lanes.map(loop));
    await this.#remainders.settled();
    clearTimeout(limit);
    signal.removeEventListener('abort', drain);
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#fail(signal.aborted ? signal.reason : new Error('the in-process queue is closed'));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#depth > 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    for (const lane of this.#lanes) lane.wake();
  }

  async #consume(lane: Lane, handler: BatchHandler, { stop, handlers, failed }: Run): Promise<void> {
    while (!stop.aborted) {
      const items = lane.take(this.#maxBatchRecords);
      if (items.length > 0) {
        const remainder = await handler({ partition: lane.partition, items }, handlers);
        const parts = this.#failure === undefined ? lane.handle(items.length) : [];
        if (remainder === null) this.#finish(parts);
        else {
          this.#unfinished.add(parts);
          this.#remainders.watch(remainder, () => this.#finish(parts), failed);
        }
        if (this.#failure !== undefined) return;
        this.#flushes.lookAgain();
      } else if (this.#closed && this.#depth === 0) return;
      else await lane.arrival();
    }
  }

  #finish(parts: readonly CompletionPart[]): void {
    if (this.#failure !== undefined) return;
    this.#unfinished.delete(parts);
    for (const { completion, records } of parts) {
      this.#depth -= records;
      completion.countDown(records);
    }
    if (this.#depth === 0) this.#wakeIdle();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error: error instanceof Error ? error : new Error(String(error)) };
    for (const lane of this.#lanes) lane.fail(this.#failure.error);
    for (const { completion } of [...this.#unfinished].flat()) completion.fail(this.#failure.error);
    this.#unfinished.clear();
    this.#depth = 0;
    this.#wakeIdle();
  }

  #wakeIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
