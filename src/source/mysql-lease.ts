import type { Clock, Lease } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { rejection } from '../runtime/rejection.ts';
import { describe } from './connection-settings.ts';
import { LeaseLock, lockName } from './lease-lock.ts';
import { LeaseValidity, type Instant } from './lease-validity.ts';
import { verifyAlone } from './lease-verification.ts';
import { toSourceError } from './source-errors.ts';

export interface MysqlLeaseOptions {
  /** The name of the daemon. */
  readonly name: string;
  readonly address: MysqlAddress;
  /** Whole seconds. The server gives the lock to another when it has heard nothing of us for so long. */
  readonly timeoutMs: number;
  /**
   * Called when the lock is ours again after a lost connection, before it counts: throws LEASE_LOST if somebody else has worked
   * meanwhile, anything else if that cannot be known yet.
   */
  readonly verify: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A holder stops before the server lets go: for the difference of two clocks, and for what is on its way to a target. */
const MARGIN = 0.2;
const CONFIRM_MS = 1_000;
const RETRY = { baseMs: 200, maxMs: 1_000 };
const POLL_MS = 200;
/** A stop does not wait longer for a server that may be gone; behind a question without an answer the client does not even ask. */
const RELEASE_MS = 1_000;
/** A standby whose connection broke lets the holder come back first: most likely the server was restarted. */
const STAND_BACK_MS = 3_000;

/**
 * A user lock of the source as a Lease.
 *
 *   new ── another connection has the lock ──▶ standby: asks again and again, each time waiting a second in the server
 *   new, standby ── the lock is ours ──▶ held: confirmed every second, valid a little less long than the server waits for us
 *   held ── no confirmation in time ──▶ not valid, until one comes
 *   held ── connection lost ──▶ not valid; connects again and takes the lock: held again once `verify` agrees
 *   not valid ── another process has the lock, or has had it ──▶ lost, for good
 */
export class MysqlLease implements Lease {
  readonly #options: MysqlLeaseOptions;
  readonly #validity: LeaseValidity;
  readonly #lost = new AbortController();
  readonly #closing = new AbortController();
  /** Connections of ours that have had the lock, or may have got it with an answer that never came. */
  readonly #ours = new Set<number>();
  #running: Promise<void> | undefined;
  #hasHeld = false;
  #verified = false;
  #standby = false;
  #wake: () => void = () => undefined;
  #changed: Promise<void>;

  constructor(options: MysqlLeaseOptions) {
    this.#options = options;
    const { clock, timeoutMs } = options;
    this.#validity = new LeaseValidity({
      validForMs: timeoutMs * (1 - MARGIN),
      now: () => ({ monotonicMs: clock.monotonicMs(), wallMs: clock.now() }),
    });
    this.#changed = new Promise((resolve) => (this.#wake = resolve));
    const labels = { daemon: options.name };
    options.metrics.onScrape(() => options.metrics.set('sluice_lease_held', labels, this.isHeld() ? 1 : 0));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isHeld(): boolean {
    return this.#verified && this.#validity.isValid();
  }

  isStandby(): boolean {
    return this.#standby;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#run();
    const stops = [signal, this.#lost.signal, this.#closing.signal];
    for (const stop of stops) stop.throwIfAborted();
    if (this.isHeld()) return;
    const stopped = rejection(...stops);
    try {
      while (!this.isHeld()) await Promise.race([this.#changed, stopped.promise]);
    } finally {
      stopped.dispose();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new SluiceError('LEASE_UNAVAILABLE', 'the lease was given up'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, logger, address } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted;) {
      try {
        await this.#session(() => (failures = 0));
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        const failure = toSourceError(error, address);
        if (!failure.retryable) return this.#lose(failure);
        if (failures === 0) logger.warn({ reason: failure.message }, 'the connection of the lease is lost');
        await clock.sleep(fullJitterMs(failures++, RETRY), this.#closing.signal).catch(() => undefined);
      }
    }
  }

  /** One connection, from its beginning to its end. */
  async #session(onTaken: () => void): Promise<void> {
    const closing = rejection(this.#closing.signal);
    try {
      await this.#use(await this.#open(closing.promise), closing.promise, onTaken);
    } finally {
      closing.dispose();
    }
  }

  async #open(closing: Promise<never>): Promise<LeaseLock> {
    const { name, address, timeoutMs } = this.#options;
    const opening = LeaseLock.open(address, lockName(name), timeoutMs);
    return await Promise.race([opening, closing]).catch((error: unknown) => {
      opening.then((late) => late.destroy()).catch(() => undefined);
      throw error;
    });
  }

  async #use(lock: LeaseLock, closing: Promise<never>, onTaken: () => void): Promise<void> {
    // At once: the lock is another's the moment that the server has closed this connection.
    lock.closed.addEventListener('abort', () => this.#validity.end());
    let isOurs = false;
    try {
      const asked = await Promise.race([this.#obtain(lock), closing]);
      isOurs = true;
      onTaken();
      await Promise.race([this.#hold(lock, asked), closing]);
    } finally {
      this.#verified = false;
      this.#validity.end();
      if (isOurs && this.#closing.signal.aborted) await this.#release(lock);
      lock.destroy();
    }
  }

  async #release(lock: LeaseLock): Promise<void> {
    const done = new AbortController();
    const late = this.#options.clock.sleep(RELEASE_MS, done.signal).catch(() => undefined);
    await Promise.race([lock.release(), late]);
    done.abort();
  }

  /** Resolves with when the question was sent that was answered with the lock. */
  async #obtain(lock: LeaseLock): Promise<Instant> {
    const { clock, timeoutMs } = this.#options;
    if (this.#standby) await clock.sleep(STAND_BACK_MS, lock.closed);
    const began = this.#validity.now();
    for (;;) {
      const asked = this.#validity.now();
      if (this.#hasHeld) this.#ours.add(lock.connectionId);
      // Whoever had it must know soon whether another one has it now.
      if (await lock.take(this.#hasHeld ? 0 : 1)) return asked;
      const holder = await lock.holder();
      if (holder === null) continue;
      if (!this.#hasHeld) await this.#standBy(lock, holder);
      else {
        // Our own, whose connection the server still believes in. A number may come again after a restart of the server.
        const waitedMs = asked.monotonicMs - began.monotonicMs;
        if (!this.#ours.has(holder) || waitedMs > 2 * timeoutMs) throw this.#taken(holder);
        await clock.sleep(POLL_MS, lock.closed);
      }
    }
  }

  async #standBy(lock: LeaseLock, holder: number): Promise<void> {
    if (this.#standby) return;
    this.#standby = true;
    const { logger, name } = this.#options;
    const host = await lock.hostOf(holder);
    logger.info({ lease: lockName(name), holder, host }, 'another process holds the lease; standing by');
  }

  #taken(holder: number): SluiceError {
    const { name, address } = this.#options;
    const message = `connection ${holder} of ${describe(address)} has the lease ${lockName(name)} now`;
    return new SluiceError('LEASE_LOST', message);
  }

  async #hold(lock: LeaseLock, asked: Instant): Promise<never> {
    this.#validity.confirm(asked);
    const verified = this.#hasHeld ? verifyAlone(this.#options, lock.closed) : Promise.resolve();
    this.#hasHeld = true;
    this.#ours.clear();
    this.#ours.add(lock.connectionId);
    const begun = verified.then(() => this.#begin(lock));
    return Promise.race([begun.then(() => new Promise<never>(() => undefined)), this.#confirm(lock)]);
  }

  #begin(lock: LeaseLock): void {
    // An answer that came late: another one may have worked between this connection and the one that is used now.
    if (lock.closed.aborted || this.#closing.signal.aborted) return;
    this.#standby = false;
    this.#verified = true;
    this.#options.logger.info({ lease: lockName(this.#options.name) }, 'the lease is held');
    this.#notify();
  }

  async #confirm(lock: LeaseLock): Promise<never> {
    const { clock, name } = this.#options;
    for (;;) {
      await clock.sleep(CONFIRM_MS, lock.closed);
      const asked = this.#validity.now();
      const holder = await lock.holder();
      if (holder !== lock.connectionId) {
        throw new SluiceError('LEASE_UNAVAILABLE', `the lock ${lockName(name)} is no longer ours`);
      }
      this.#confirmed(asked);
    }
  }

  #confirmed(asked: Instant): void {
    const { logger, name } = this.#options;
    const answerMs = Math.round(this.#validity.now().monotonicMs - asked.monotonicMs);
    // No connection was lost, so nothing else says why nothing was published or applied: this process or the source is starved.
    if (!this.#validity.isValid())
      logger.warn({ lease: lockName(name), answerMs }, 'the lease was not confirmed in time');
    this.#validity.confirm(asked);
    this.#notify();
  }

  #lose(error: SluiceError): void {
    this.#lost.abort(error);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#changed = new Promise((resolve) => (this.#wake = resolve));
    wake();
  }
}
