import type { Cache, CacheCommand, CacheOutcome, Clock, FlushProgress, FlushRequest } from '../../src/ports.ts';
import { lostAbove } from '../../src/model/version.ts';
import { SluiceError } from '../../src/runtime/errors.ts';
import { matchesRedisGlob } from './redis-glob.ts';

interface Expiring<T> {
  readonly value: T;
  /** ms since the epoch; null: never. */
  readonly expiresAtMs: number | null;
}

/** The Cache port in memory, with the same versions as the Redis script. Tests make it fail by the fields below. */
export class MemoryCache implements Cache {
  readonly name: string;
  readonly #clock: Clock;
  readonly #versionTtlMs: number;
  readonly #values = new Map<string, Expiring<CacheValue>>();
  readonly #versions = new Map<string, Expiring<number>>();
  /** While set, every call fails with CACHE_UNAVAILABLE and this reason. */
  unavailable: string | null = null;
  /** Like a connection cut after the server worked and before it answered: applied, and then the call fails. */
  cutAfterApply = 0;
  /** Commands that can never succeed, by key; deletes of the same key still do. */
  readonly refusedKeys = new Map<string, string>();
  /** What was asked for, call by call, failed calls too. */
  readonly calls: (readonly CacheCommand[])[] = [];
  /** The same for flushes. */
  readonly flushes: FlushRequest[] = [];
  /** While set, a flush waits for it before it looks at the first key. */
  heldFlush: Promise<void> | null = null;

  constructor(options: { name?: string; clock: Clock; versionTtlMs?: number }) {
    this.name = options.name ?? 'memory';
    this.#clock = options.clock;
    this.#versionTtlMs = options.versionTtlMs ?? 86_400_000;
  }

  apply(commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
    this.calls.push(commands);
    if (this.unavailable !== null) return Promise.reject(new SluiceError('CACHE_UNAVAILABLE', this.unavailable));
    const outcomes = commands.map((command) => this.#applyOne(command));
    if (this.cutAfterApply > 0) {
      this.cutAfterApply--;
      return Promise.reject(new SluiceError('CACHE_UNAVAILABLE', 'the connection was cut'));
    }
    return Promise.resolve(outcomes);
  }

  async flush(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    this.flushes.push(request);
    signal.throwIfAborted();
    await this.heldFlush;
    if (this.unavailable !== null) throw new SluiceError('CACHE_UNAVAILABLE', this.unavailable);
    const progress = { scannedKeys: 0, removedKeys: 0 };
    // Versions of keys that are not there.
    if (request.forced === true) for (const key of this.#versions.keys()) this.#flushOne(key, request);
    // Like SCAN at its worst: nothing that comes meanwhile is seen, and others get their turn after each key.
    for (const key of [...this.#values.keys()]) {
      await Promise.resolve();
      signal.throwIfAborted();
      progress.scannedKeys++;
      if (this.read(key) !== null && this.#flushOne(key, request)) progress.removedKeys++;
      onProgress({ ...progress });
    }
    if (this.cutAfterApply > 0) {
      this.cutAfterApply--;
      throw new SluiceError('CACHE_UNAVAILABLE', 'the connection was cut');
    }
    return progress;
  }

  check(): Promise<void> {
    if (this.unavailable === null) return Promise.resolve();
    return Promise.reject(new SluiceError('CACHE_UNAVAILABLE', this.unavailable));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What an application reads. */
  read(key: string): CacheValue | null {
    return this.#alive(this.#values.get(key))?.value ?? null;
  }

  /** What an application writes (cache-aside fill). */
  fill(key: string, value: CacheValue): void {
    this.#values.set(key, { value, expiresAtMs: null });
  }

  version(key: string): number | null {
    return this.#alive(this.#versions.get(key))?.value ?? null;
  }

  /** Time left in ms; null without expiry. */
  ttlMs(key: string): number | null {
    return this.#left(this.#alive(this.#values.get(key)));
  }

  versionTtlMs(key: string): number | null {
    return this.#left(this.#alive(this.#versions.get(key)));
  }

  /** Everything an application can see, sorted by key. */
  contents(): [key: string, value: CacheValue][] {
    return [...this.#values]
      .filter(([, entry]) => this.#alive(entry))
      .map(([key, { value }]): [string, CacheValue] => [key, value])
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #flushOne(key: string, { pattern, version, versioned, forced }: FlushRequest): boolean {
    if (key.startsWith('sluice:') || !matchesRedisGlob(pattern, key)) return false;
    const stored = versioned ? this.version(key) : null;
    if (stored !== null && stored > version && forced !== true) return false;
    const now = this.#clock.now();
    if (stored !== null && (stored <= version || stored > lostAbove(version, now))) {
      this.#versions.set(key, { value: version, expiresAtMs: this.#clock.now() + this.#versionTtlMs });
    }
    return this.#values.delete(key);
  }

  #applyOne(command: CacheCommand): CacheOutcome {
    const { key, version } = command;
    if (command.kind === 'delete' && !command.versioned) {
      this.#values.delete(key);
      return 'applied';
    }
    if ((this.version(key) ?? -1) > version) return 'newer';
    const refused = this.refusedKeys.get(key);
    if (command.kind === 'set' && refused !== undefined) return { failed: refused };
    const nowMs = this.#clock.now();
    this.#versions.set(key, { value: version, expiresAtMs: nowMs + this.#versionTtlMs });
    // A hash without fields does not exist in Redis.
    if (command.kind === 'delete' || (typeof command.value !== 'string' && Object.keys(command.value).length === 0)) {
      this.#values.delete(key);
    } else {
      const expiresAtMs = command.ttlMs === null ? null : nowMs + command.ttlMs;
      this.#values.set(key, { value: command.value, expiresAtMs });
    }
    return 'applied';
  }

  #alive<T>(entry: Expiring<T> | undefined): Expiring<T> | undefined {
    return entry === undefined || (entry.expiresAtMs ?? Infinity) > this.#clock.now() ? entry : undefined;
  }

  #left(entry: Expiring<unknown> | undefined): number | null {
    return entry === undefined || entry.expiresAtMs === null ? null : entry.expiresAtMs - this.#clock.now();
  }
}

export type CacheValue = string | Readonly<Record<string, string>>;
