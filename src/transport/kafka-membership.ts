import { setMaxListeners } from 'node:events';
import type { Logger } from '../runtime/logger.ts';
import { describeKafkaError, isKafkaError } from './kafka-errors.ts';

/**
 * One consumer's membership in its group, as far as handlers are concerned: may they begin, must they stop?
 *
 * Rebalancing is eager: the group waits until every member has let go of everything. A heartbeat tells. From then on
 * nothing new is begun, running handlers are drained, and their signal aborts when time is up. Remainders of their batches are
 * left alone: they go on beside whoever repeats them. A member that was thrown
 * out has nothing to drain: its partitions belong to others already, so its handlers abort at once.
 */
export class Membership {
  readonly #drainTimeoutMs: number;
  readonly #logger: Logger;
  /** Aborts the running handlers and remainders of every generation. */
  readonly #all = new AbortController();
  /** Aborts those of this generation. */
  #handlers = new AbortController();
  #signal = AbortSignal.any([this.#handlers.signal, this.#all.signal]);
  #drainTimer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #generation = 0;
  #rebalance: Error | undefined;
  #stopping = false;
  #reason: unknown;

  constructor(options: { drainTimeoutMs: number; logger: Logger }) {
    this.#drainTimeoutMs = options.drainTimeoutMs;
    this.#logger = options.logger;
  }

  /** Counts assignments: what began under an older one neither resolves nor commits. */
  get generation(): number {
    return this.#generation;
  }

  /** For handlers that begin now. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** What a heartbeat said: our partitions are taken away. `eachBatch` has to end with it, which makes kafkajs rejoin. */
  get rebalance(): Error | undefined {
    return this.#rebalance;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  mayBegin(generation: number): boolean {
    return !this.#stopping && this.#rebalance === undefined && generation === this.#generation;
  }

  joined(): void {
    this.#generation++;
    this.#rebalance = undefined;
    clearTimeout(this.#drainTimer);
    this.#handlers = new AbortController();
    // What is left of earlier generations goes on until the consumer ends.
    this.#signal = AbortSignal.any([this.#handlers.signal, this.#all.signal]);
    // One listener for each partition at work: no leak, and nothing to warn of.
    setMaxListeners(0, this.#signal);
  }

  heartbeatFailed(error: unknown): void {
    if (!(error instanceof Error) || this.#rebalance !== undefined) return;
    if (isKafkaError(error, 'REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP')) {
      this.#rebalance = error;
      this.#drain(error);
    } else if (isKafkaError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) {
      this.#rebalance = error;
      this.#handlers.abort(error);
    } else this.#logger.debug({ reason: describeKafkaError(error) }, 'heartbeat failed');
  }

  stop(reason: unknown): void {
    this.#stopping = true;
    this.#reason = reason;
    // A timer of its own: the group may still rebalance while we drain, and joining again ends the other.
    this.#stopTimer = setTimeout(() => this.cutOff(), this.#drainTimeoutMs);
  }

  /** Nothing is waited for any longer. */
  cutOff(): void {
    this.#all.abort(this.#reason);
  }

  /** No timer is left behind. */
  end(): void {
    clearTimeout(this.#stopTimer);
    clearTimeout(this.#drainTimer);
  }

  #drain(reason: unknown): void {
    const handlers = this.#handlers;
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => handlers.abort(reason), this.#drainTimeoutMs);
  }
}
