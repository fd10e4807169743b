import type { Position, ResumePoint, Start } from '../model/position.ts';
import { PositionTracker } from '../model/position-tracker.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import type { ChangeSource, Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Decoder, DecoderFactory } from './decoder.ts';
import { DumpAttempt } from './dump-attempt.ts';
import { locate } from './locate.ts';
import { PreparedWatch } from './prepared-watch.ts';
import { openSession, type Session } from './session.ts';
import { isEviction, toSourceError } from './source-errors.ts';

export interface MysqlChangeSourceOptions {
  /** The pipeline's name: labels metrics, and makes the replica's UUID together with the server id. */
  readonly pipeline: string;
  readonly address: MysqlAddress;
  readonly serverId: number;
  /** Waited for before each attempt: two with one server id would end each other's dumps for ever. */
  readonly permit?: (signal: AbortSignal) => Promise<void>;
  /** Three missed heartbeats mean a dead link. */
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  /** How long the server waits for us when we do not read. */
  readonly netWriteTimeoutMs: number;
  /** Row events decoded and not pulled, on the wire; beyond it the connection is paused. */
  readonly maxBufferedBytes: number;
  readonly createDecoder: DecoderFactory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const BACKOFF = { baseMs: 250, maxMs: 30_000 };
/** Counts like so many failed attempts: a wait of up to 16 s. */
const EVICTED_ATTEMPTS = 6;

/**
 * A MySQL or MariaDB server as a ChangeSource: joins it as a replica, one connection attempt after another. Each
 * begins behind the last transaction end that was handed out, so a transaction that was cut is sent again from its
 * beginning, with the same versions.
 */
export class MysqlChangeSource implements ChangeSource {
  readonly #options: MysqlChangeSourceOptions;
  readonly #preparedWatch: PreparedWatch;

  constructor(options: MysqlChangeSourceOptions) {
    this.#options = options;
    this.#preparedWatch = new PreparedWatch(options);
    options.metrics.set('sluice_source_connected', { pipeline: options.pipeline }, 0);
  }

  async *changes(from: ResumePoint, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, void> {
    const { pipeline, metrics } = this.#options;
    const tracker = new PositionTracker(from);
    for (let failures = 0; !signal.aborted;) {
      try {
        const follow = (decoder: Decoder): void => this.#preparedWatch.follow(decoder);
        const attempt = await DumpAttempt.begin(this.#options, tracker, follow, signal);
        try {
          // Not a second generator within this one: each costs a batch several turns of the microtask queue.
          for (;;) {
            const batch = await attempt.next();
            failures = 0;
            if (batch.end !== null) tracker.advance(batch.end);
            this.#preparedWatch.check();
            yield batch;
          }
        } finally {
          await attempt.close();
        }
      } catch (error) {
        if (signal.aborted) return;
        await this.#waitToRetry(error, failures++, signal);
        metrics.count('sluice_source_reconnects_total', { pipeline });
      }
    }
  }

  async locate(start: Start, signal: AbortSignal): Promise<Position> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#withSession((session) => locate(session, start));
      } catch (error) {
        signal.throwIfAborted();
        await this.#waitToRetry(error, failures, signal);
      }
      signal.throwIfAborted();
    }
  }

  async #withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await openSession(this.#options.address, this.#options.connectTimeoutMs);
    try {
      return await use(session);
    } finally {
      session.close();
    }
  }

  /** Throws what waiting cannot mend; returns when it is time to try again, or aborted. */
  async #waitToRetry(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { address, clock, logger } = this.#options;
    const failure = toSourceError(error, address);
    if (!failure.retryable) throw failure;
    // Two captures of one name would evict each other many times a second: whoever was evicted stands back for a while.
    const evicted = isEviction(failure);
    const delayMs = fullJitterMs(evicted ? Math.max(failures, EVICTED_ATTEMPTS) : failures, BACKOFF);
    const fields = { reason: failure.message, retryInMs: Math.round(delayMs) };
    if (evicted) logger.error(fields, 'another process reads with the same name or server id; reconnecting later');
    else logger.warn(fields, 'the source is lost; reconnecting');
    try {
      await clock.sleep(delayMs, signal);
    } catch {
      // Aborted: the caller looks at the signal.
    }
  }
}
