import type { CacheCommand, Clock, FlushRequest } from '../ports.ts';
import { HistoryWatch, type Loss } from './history-watch.ts';
import { Journal, type Owed } from './journal.ts';
import { safeMessage } from './redis-errors.ts';
import type { RedisServers } from './redis-servers.ts';

/** What is told of a target that has forgotten acknowledged writes. */
export type HistoryEvent =
  | { readonly kind: 'lost'; readonly reason: string }
  /** `repeated` commands were enough, or everything that the rules own was `flushed`. */
  | { readonly kind: 'repaired'; readonly by: 'repeated' | 'flushed'; readonly keys: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface HistoryRepairOptions {
  readonly owner: string;
  readonly servers: RedisServers;
  readonly tagOf: (slot: number) => string;
  readonly clock: Clock;
  readonly apply: (commands: readonly CacheCommand[]) => Promise<unknown>;
  /** Returns how many keys went. */
  readonly flush: (request: FlushRequest, signal: AbortSignal) => Promise<number>;
  /** Patterns of every key that the rules own. */
  readonly ownPatterns: () => readonly string[];
  readonly onEvent: (event: HistoryEvent) => void;
}

/** So much is repeated for nothing after a fail-over that lost nothing, and so long it stays unnoticed on a quiet day. */
const INTERVAL_MS = 1_000;
/** They share one command time-out, and the server does nothing else meanwhile. */
const COMMANDS_AT_ONCE = 2_000;

/**
 * Repairs a target that has forgotten what it acknowledged (ADR 19). It looks once a second, and at once after a new
 * connection; what may be lost is repeated out of the journal, and where that does not reach back far enough everything
 * that the rules own is flushed. Applying goes on meanwhile: nothing here depends on order.
 */
export class HistoryRepair {
  readonly #options: HistoryRepairOptions;
  readonly #watch: HistoryWatch;
  readonly #journal = new Journal();
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;
  #wake = new AbortController();
  /** Whether the servers answered the last time: else there is nobody to say goodbye to. */
  #answered = false;
  /** One line for each repair that fails, not one a second. */
  #toldFailure = false;
  /** Since which mark something may be missing. */
  #owedSince: number | null = null;
  /** What that is; null: not looked up yet. */
  #owed: Owed | null = null;
  /** So many of its commands are done. */
  #repeated = 0;

  constructor(options: HistoryRepairOptions) {
    this.#options = options;
    this.#watch = new HistoryWatch(options);
  }

  /** From the first use on. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Those at these places were acknowledged just now. */
  note(commands: readonly CacheCommand[], places: readonly number[]): void {
    const { mark } = this.#watch;
    for (const place of places) {
      const command = commands[place];
      if (command !== undefined) this.#journal.note(command, mark);
    }
  }

  /** A whole UNLINK, in the bytes of the protocol. */
  noteUnlink(command: Buffer): void {
    this.#journal.noteUnlink(command, this.#watch.mark);
  }

  noteFlush(request: FlushRequest): void {
    this.#journal.noteFlush(request, this.#watch.mark);
  }

  /** Something has failed: look as soon as possible. */
  soon(): void {
    this.#wake.abort();
  }

  /** To be called before the connections are closed. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the cache was closed'));
    await this.#loop;
    if (!this.#answered) return;
    const masters = await this.#options.servers.masters().catch(() => []);
    await this.#watch.close(masters, { whole: this.#owedSince === null }).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#once();
      // What fails while it looks or repairs is tried again after a rest.
      this.#wake = new AbortController();
      const rest = AbortSignal.any([signal, this.#wake.signal]);
      await clock.sleep(INTERVAL_MS, rest).catch(() => undefined);
    }
  }

  async #once(): Promise<void> {
    const { servers, onEvent } = this.#options;
    let failure: 'quiet' | 'told' = 'quiet';
    try {
      this.#answered = false;
      await servers.verify();
      const loss = await this.#watch.look(await servers.masters(), { whole: this.#owedSince === null });
      if (loss !== null) this.#lost(loss);
      this.#answered = true;
      failure = 'told';
      if (this.#owedSince !== null) await this.#repair(this.#owedSince);
    } catch (error) {
      servers.doubt();
      if (this.#toldFailure || failure === 'quiet' || this.#stop.signal.aborted) return;
      this.#toldFailure = true;
      onEvent({ kind: 'failed', reason: safeMessage(error) });
    }
  }

  #lost({ since, reason }: Loss): void {
    this.#options.onEvent({ kind: 'lost', reason });
    this.#owedSince = Math.min(since, this.#owedSince ?? since);
    this.#owed = null;
    this.#repeated = 0;
  }

  /**
   * The oldest first, and plain deletes behind all else. An attempt goes on where the one before it failed: otherwise a long journal would
   * never be through. What is lost again meanwhile is owed by what was noted anew.
   */
  async #repair(since: number): Promise<void> {
    const { apply, ownPatterns, onEvent } = this.#options;
    this.#owed ??= this.#journal.since(since);
    const { commands, deletes, flushes, complete } = this.#owed;
    const keys = commands.length + deletes.length;
    while (this.#repeated < keys) {
      this.#stop.signal.throwIfAborted();
      // Not both kinds in one call: within it there is no order.
      const [kind, from] =
        this.#repeated < commands.length ? [commands, this.#repeated] : [deletes, this.#repeated - commands.length];
      const slice = kind.slice(from, from + COMMANDS_AT_ONCE);
      await apply(slice);
      this.#repeated += slice.length;
    }
    for (const request of flushes) await this.#flush(request);
    let flushed = 0;
    if (!complete) for (const pattern of new Set(ownPatterns())) flushed += await this.#flush(everything(pattern));
    this.#owedSince = null;
    this.#owed = null;
    this.#toldFailure = false;
    onEvent({ kind: 'repaired', by: complete ? 'repeated' : 'flushed', keys: keys + flushed });
  }

  #flush(request: FlushRequest): Promise<number> {
    return this.#options.flush(request, this.#stop.signal);
  }
}

/** Whatever version it carries: versions are lost too. */
function everything(pattern: string): FlushRequest {
  return { pattern, version: 0, versioned: false, forced: false };
}
