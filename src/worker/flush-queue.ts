import type { FlushInvalidation } from '../model/invalidation.ts';
import type { Cache, Clock, FlushProgress } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { sameKeys } from './segments.ts';
import type { TargetRetry } from './target-retry.ts';

export interface FlushQueueOptions {
  readonly cache: Cache;
  readonly retry: TargetRetry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A long flush says so often how far it is. */
const PROGRESS_INTERVAL_MS = 5_000;

/** One scan of the target, and all who wait for it. */
interface Scan {
  /** The newest of theirs. */
  invalidation: FlushInvalidation;
  /** Whether keys with newer versions go too. */
  forced: boolean;
  readonly waiting: Set<Waiter>;
  /** Aborts when nobody waits any more. */
  readonly stop: AbortController;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The flushes of one target, one at a time: two at once would double the load that pacing bounds.
 *
 * A versioned flush comes once from every partition, because it must find what the refreshes before it in that partition
 * have written. So whoever arrives waits for a scan that *begins* later; but one that has not begun yet is shared by all
 * who came meanwhile. Twelve partitions cost about two scans: the one the first began, and the one the others share.
 */
export class FlushQueue {
  readonly #options: FlushQueueOptions;
  readonly #next: Scan[] = [];
  #running: Scan | undefined;

  constructor(options: FlushQueueOptions) {
    this.#options = options;
    this.#show(0);
  }

  /** Resolves when a scan that covers this flush has ended. Throws the signal's reason; what others wait for goes on. */
  flush(invalidation: FlushInvalidation, signal: AbortSignal): Promise<void> {
    return this.#wait((): Scan => this.#join(invalidation), signal);
  }

  /**
   * The same for one that was flushed before. What was written between is not older than the flush says, so keys with newer
   * versions stay in any case; and no scan that has begun will do, because it may have passed the keys that came meanwhile.
   */
  flushAgain(invalidation: FlushInvalidation, signal: AbortSignal): Promise<void> {
    return this.#wait((): Scan => this.#joinNext(invalidation, false), signal);
  }

  #wait(join: () => Scan, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const scan = join();
      const abort = (): void => {
        settle(() => reject(signal.reason as Error));
        if (scan.waiting.size === 0) this.#drop(scan, signal.reason);
      };
      const settle = (how: () => void): void => {
        signal.removeEventListener('abort', abort);
        scan.waiting.delete(waiter);
        how();
      };
      const waiter: Waiter = {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      signal.addEventListener('abort', abort, { once: true });
      scan.waiting.add(waiter);
      void this.#run();
    });
  }

  /** A scan that this flush may wait for, a new one if there is none. */
  #join(invalidation: FlushInvalidation): Scan {
    const keys = sameKeys(invalidation);
    const running = this.#running;
    // Of a plain flush nothing may come back, so a scan for this very table change will do, though it has begun.
    const shared = !invalidation.versioned && running?.invalidation.version === invalidation.version;
    if (running !== undefined && shared && !running.stop.signal.aborted && sameKeys(running.invalidation) === keys) {
      return running;
    }
    return this.#joinNext(invalidation, invalidation.versioned && invalidation.reason === 'gap');
  }

  #joinNext(invalidation: FlushInvalidation, forced: boolean): Scan {
    const keys = sameKeys(invalidation);
    const waiting = this.#next.find((scan) => sameKeys(scan.invalidation) === keys);
    if (waiting !== undefined) {
      waiting.forced ||= forced;
      if (invalidation.version > waiting.invalidation.version) waiting.invalidation = invalidation;
      return waiting;
    }
    const scan: Scan = { invalidation, forced, waiting: new Set(), stop: new AbortController() };
    this.#next.push(scan);
    return scan;
  }

  #drop(scan: Scan, reason: unknown): void {
    const place = this.#next.indexOf(scan);
    if (place >= 0) this.#next.splice(place, 1);
    scan.stop.abort(reason);
  }

  async #run(): Promise<void> {
    if (this.#running !== undefined) return;
    for (let scan = this.#next.shift(); scan !== undefined; scan = this.#next.shift()) {
      this.#running = scan;
      this.#show(1);
      let settle: (waiter: Waiter) => void;
      try {
        await this.#scan(scan);
        settle = ({ resolve }) => resolve();
      } catch (error) {
        settle = ({ reject }) => reject(error as Error);
      }
      [...scan.waiting].forEach(settle);
    }
    this.#running = undefined;
    this.#show(0);
  }

  async #scan({ invalidation, forced, stop }: Scan): Promise<void> {
    const { cache, retry, clock, logger, metrics } = this.#options;
    const { rule, key: pattern, reason, version, versioned } = invalidation;
    const beganMs = clock.monotonicMs();
    const { scannedKeys, removedKeys } = await retry.until(
      () => cache.flush({ pattern, version, versioned, forced }, this.#progress(invalidation), stop.signal),
      stop.signal,
    );
    retry.succeeded();
    metrics.count('sluice_flushes_total', { target: cache.name, rule, reason });
    logger.info(
      { rule, pattern, reason, scannedKeys, removedKeys, tookMs: clock.monotonicMs() - beganMs },
      'keys flushed',
    );
  }

  /** For one attempt. */
  #progress({ rule, key: pattern }: FlushInvalidation): (progress: FlushProgress) => void {
    const { cache, clock, logger, metrics } = this.#options;
    let toldMs = clock.monotonicMs();
    let counted = 0;
    return ({ scannedKeys, removedKeys }) => {
      metrics.count('sluice_flushed_keys_total', { target: cache.name, rule }, removedKeys - counted);
      counted = removedKeys;
      if (clock.monotonicMs() - toldMs < PROGRESS_INTERVAL_MS) return;
      toldMs = clock.monotonicMs();
      logger.info({ rule, pattern, scannedKeys, removedKeys }, 'flushing keys');
    };
  }

  #show(running: 0 | 1): void {
    this.#options.metrics.set('sluice_flush_running', { target: this.#options.cache.name }, running);
  }
}
