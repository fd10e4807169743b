import type { Redis } from 'ioredis';
import type { Cache, CacheCommand, CacheOutcome, Clock, FlushProgress, FlushRequest } from '../ports.ts';
import type { RedisAddress } from '../runtime/config/config.ts';
import { SluiceError } from '../runtime/errors.ts';
import { buildRequests, splitScript, type ApplyRequest, type ScriptRequest } from './apply-request.ts';
import { APPLY_SCRIPT, FLUSH_SCRIPT } from './lua-script.ts';
import { RedisConnection } from './redis-connection.ts';
import { isAboutTheKey, isScriptFailure, isScriptUnknown, safeMessage } from './redis-errors.ts';
import { RedisFlush } from './redis-flush.ts';
import { VersionKeys } from './version-keys.ts';

export interface RedisCacheOptions {
  /** The name of the target in metrics and messages. */
  readonly name: string;
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
  /** How long the version of a key is kept after it was last applied, ms: longer than any redelivery can be late. */
  readonly versionTtlMs: number;
  /** Keys of the server that a flush looks at per second, at most. */
  readonly flushKeysPerSecond: number;
  readonly clock: Clock;
}

/** First try, once more after NOSCRIPT, once more split; a server that still forgets the script is retried later. */
const MAX_ROUNDS = 4;

/** Written by `check`: the only way to know that writes are accepted. */
const CHECK_KEY = 'sluice:check';

/**
 * One Redis server. A batch is one pipeline: one write, one round trip; plain deletes as UNLINK of many keys, all else
 * through the versioned script. Calls may overlap: they share the connection, and neither kind depends on order.
 * Flushes have a connection of their own, made at the first, so that no command waits behind them; each has the
 * pace of its own, so whoever calls does one at a time.
 */
export class RedisCache implements Cache {
  readonly name: string;
  readonly #versionTtlMs: number;
  readonly #versionKeys = new VersionKeys();
  readonly #connection: RedisConnection;
  readonly #flush: RedisFlush;
  /** One for each server that holds keys. */
  readonly #flushConnections: readonly RedisConnection[];

  constructor({ name, versionTtlMs, flushKeysPerSecond, clock, ...connection }: RedisCacheOptions) {
    this.name = name;
    this.#versionTtlMs = versionTtlMs;
    this.#connection = new RedisConnection({
      ...connection,
      clientName: `sluice:${name}`,
      prepare: (client) => APPLY_SCRIPT.load(client),
    });
    const versionKeys = this.#versionKeys;
    this.#flush = new RedisFlush({ clock, keysPerSecond: flushKeysPerSecond, versionKeys, versionTtlMs });
    this.#flushConnections = [
      new RedisConnection({
        ...connection,
        clientName: `sluice:${name}:flush`,
        prepare: (client) => FLUSH_SCRIPT.load(client),
      }),
    ];
  }

  async apply(commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
    const outcomes = new Array<CacheOutcome>(commands.length).fill('applied');
    let requests: readonly ApplyRequest[] = buildRequests(commands, this.#versionKeys, this.#versionTtlMs);
    for (let round = 0; requests.length > 0; round++) {
      if (round === MAX_ROUNDS) throw this.#unavailable('the server keeps forgetting the script');
      requests = await this.#round(requests, outcomes);
    }
    return outcomes;
  }

  /** Server after server; what was done on the earlier ones is part of what is told. */
  async flush(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    let total: FlushProgress = { scannedKeys: 0, removedKeys: 0 };
    for (const connection of this.#flushConnections) {
      signal.throwIfAborted();
      const before = total;
      const note = ({ scannedKeys, removedKeys }: FlushProgress): void => {
        total = { scannedKeys: before.scannedKeys + scannedKeys, removedKeys: before.removedKeys + removedKeys };
        onProgress(total);
      };
      await this.#use(connection, (client) => this.#flush.run(client, request, note, signal));
    }
    signal.throwIfAborted();
    return total;
  }

  async check(): Promise<void> {
    await this.#use(this.#connection, (client) => client.set(CHECK_KEY, '1', 'PX', 1000));
  }

  async close(): Promise<void> {
    await Promise.all([this.#connection, ...this.#flushConnections].map((connection) => connection.close()));
  }

  /** Sends the requests together, notes the outcomes, and returns what must be sent again. */
  #round(requests: readonly ApplyRequest[], outcomes: CacheOutcome[]): Promise<ApplyRequest[]> {
    return this.#use(this.#connection, async (client) => {
      const replies = await send(client, requests);
      const again = requests.flatMap((request, index) => {
        const [error, reply] = replies[index] ?? [new Error('no answer')];
        return this.#settle(request, error, reply, outcomes);
      });
      // Only now: the other requests of the pipeline are settled, and a second copy of a script changes nothing.
      if (replies.some(([error]) => error !== null && isScriptUnknown(error.message))) await APPLY_SCRIPT.load(client);
      return again;
    });
  }

  #settle(request: ApplyRequest, error: Error | null, reply: unknown, outcomes: CacheOutcome[]): ScriptRequest[] {
    if (error === null) {
      if (request.kind === 'script') this.#note(request, reply, outcomes);
      return [];
    }
    if (request.kind === 'unlink') throw error;
    if (isScriptUnknown(error.message)) return [request];
    if (!isScriptFailure(error.message)) throw error;
    if (request.places.length > 1) return splitScript(request);
    for (const place of request.places) outcomes[place] = { failed: safeMessage(error) };
    return [];
  }

  #note(request: ScriptRequest, reply: unknown, outcomes: CacheOutcome[]): void {
    const answers: readonly unknown[] = Array.isArray(reply) ? reply : [];
    for (const [index, place] of request.places.entries()) {
      const answer = answers[index];
      if (answer === 1) outcomes[place] = 'applied';
      else if (answer === 0) outcomes[place] = 'newer';
      else if (typeof answer === 'string' && isAboutTheKey(answer)) outcomes[place] = { failed: answer };
      else throw this.#unavailable(typeof answer === 'string' ? answer : 'an answer that is none of the script');
    }
  }

  /** Whatever goes wrong with the connection or the server becomes CACHE_UNAVAILABLE. */
  async #use<T>(connection: RedisConnection, work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await connection.use(work);
    } catch (error) {
      throw error instanceof SluiceError ? error : this.#unavailable(safeMessage(error));
    }
  }

  #unavailable(reason: string): SluiceError {
    return new SluiceError('CACHE_UNAVAILABLE', `target ${this.name} (${this.#connection.address}): ${reason}`);
  }
}

type Replies = readonly [error: Error | null, reply?: unknown][];

/** A lone request, the usual one on a quiet source, needs no pipeline around it. */
async function send(client: Redis, requests: readonly ApplyRequest[]): Promise<Replies> {
  const [only] = requests;
  if (only !== undefined && requests.length === 1) return [await sendAlone(client, only)];
  const pipeline = client.pipeline();
  for (const request of requests) {
    if (request.kind === 'unlink') pipeline.unlink([...request.keys]);
    else pipeline.evalsha(APPLY_SCRIPT.sha, request.keys.length, ...request.keys, ...request.args);
  }
  return (await pipeline.exec()) ?? [];
}

async function sendAlone(client: Redis, request: ApplyRequest): Promise<Replies[number]> {
  try {
    if (request.kind === 'unlink') return [null, await client.unlink([...request.keys])];
    return [null, await client.evalsha(APPLY_SCRIPT.sha, request.keys.length, ...request.keys, ...request.args)];
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))];
  }
}
