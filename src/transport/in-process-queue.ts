import type { Invalidation } from '../model/invalidation.ts';
import type { BatchHandler, InvalidationPublisher, InvalidationSubscription } from '../ports.ts';
import { Completion } from './completions.ts';
import { FlushLane, Lane } from './in-process-lanes.ts';
import { partitionFor } from './murmur2.ts';

export interface InProcessQueueOptions {
  /** How many loops apply at the same time. Same partition key → same loop → applied in order. */
  readonly partitions: number;
  /** Largest batch one handler call gets, in records. */
  readonly maxBatchRecords?: number;
  /** After a stop, how long a running handler may go on before its signal aborts. */
  readonly drainTimeoutMs?: number;
}

/**
 * Publisher and subscription in one process: partitioned queues in memory, nothing durable. That is enough because the
 * binlog itself is the durable log: `publish` resolves when everything was *applied*, and only then may the watermark
 * move. What is lost in a crash is read from the binlog again.
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

  /** Resolves when all of them were handled. Rejects when a handler rejected, or `run` ended before it came to them. */
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
    const loop = async (lane: Lane): Promise<void> => {
      try {
        await this.#consume(lane, handler, stop.signal, handlers.signal);
      } catch (error) {
        // Not finished because its time was up is not a failure: the binlog brings it again.
        if (!handlers.signal.aborted) this.#fail(error);
        drain();
      }
    };
    await Promise.all(this.#lanes.map(loop));
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

  async #consume(lane: Lane, handler: BatchHandler, stop: AbortSignal, signal: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const items = lane.take(this.#maxBatchRecords);
      if (items.length > 0) {
        await handler({ partition: lane.partition, items }, signal);
        if (this.#failure !== undefined) return;
        this.#depth -= items.length;
        lane.finish(items.length);
        this.#flushes.lookAgain();
        if (this.#depth === 0) this.#wakeIdle();
      } else if (this.#closed && this.#depth === 0) return;
      else await lane.arrival();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error: error instanceof Error ? error : new Error(String(error)) };
    for (const lane of this.#lanes) lane.fail(this.#failure.error);
    this.#depth = 0;
    this.#wakeIdle();
  }

  #wakeIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
