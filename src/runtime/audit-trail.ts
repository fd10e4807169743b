import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Invalidation } from '../model/invalidation.ts';
import { compileFilter, type AuditFilter } from './audit-filter.ts';
import { RecentInvalidations } from './recent-invalidations.ts';

interface Subscriber {
  readonly matches: (invalidation: Invalidation) => boolean;
  readonly send: (line: string) => void;
}

export interface AuditTrailOptions {
  /** The same JSON as the Kafka record, so that both kinds of tail read alike. */
  readonly encode: (invalidation: Invalidation) => string;
  /** How many of the newest invalidations `--since` can look back over. */
  readonly keepRecords: number;
  /** An optional JSON-lines file of everything applied. */
  readonly path?: string;
}

/** How much may wait for a slow disk before the work does: with a full one there would be no bound. */
const MAX_WAITING_BYTES = 8 << 20;

/** Remembers the newest applied invalidations (without the rows of refreshes: those have no bound) and passes them on to whoever tails. Costs next to nothing unwatched. */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #remembered: RecentInvalidations;
  readonly #subscribers = new Set<Subscriber>();
  readonly #file: WriteStream | null;
  #fileError: Error | null = null;
  #waiting: Promise<void> | null = null;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#remembered = new RecentInvalidations(options.keepRecords);
    this.#file = options.path === undefined ? null : createWriteStream(options.path, { flags: 'a', mode: 0o600 });
    this.#file?.on('error', (error) => (this.#fileError = error));
  }

  /**
   * Called after the cache answered. Throws when the audit file cannot be written: an audit with holes is none. Returns a promise when
   * the disk is behind: it resolves, or rejects, when there is room again, and the caller does nothing more until then.
   */
  record(invalidations: readonly Invalidation[]): Promise<void> | null {
    if (this.#fileError !== null) throw this.#fileError;
    for (const invalidation of invalidations) {
      this.#remembered.add(withoutRow(invalidation));
    }
    if (this.#file !== null) {
      this.#file.write(invalidations.map((invalidation) => `${this.#options.encode(invalidation)}\n`).join(''));
    }
    for (const subscriber of this.#subscribers) this.#offer(subscriber, invalidations);
    return this.#file !== null && this.#file.writableLength > MAX_WAITING_BYTES ? this.#room(this.#file) : null;
  }

  /** With `sinceMs` the remembered ones come first. Returns the function that ends the subscription. */
  subscribe(filter: AuditFilter, send: (line: string) => void): () => void {
    const subscriber = { matches: compileFilter(filter), send };
    if (filter.sinceMs !== undefined) {
      this.#offer(subscriber, this.#remembered.all());
    }
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file !== null && this.#fileError === null) await new Promise<void>((resolve) => file.end(resolve));
  }

  #room(file: WriteStream): Promise<void> {
    // Rejects with an error of the file, as `once` does.
    this.#waiting ??= once(file, 'drain').then(() => void (this.#waiting = null));
    return this.#waiting;
  }

  #offer(subscriber: Subscriber, invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) {
      if (subscriber.matches(invalidation)) subscriber.send(this.#options.encode(invalidation));
    }
  }
}

function withoutRow(invalidation: Invalidation): Invalidation {
  if (invalidation.action !== 'refresh') return invalidation;
  return { ...invalidation, row: { state: invalidation.row.state, columns: {} } };
}
