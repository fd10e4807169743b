import type { Redis } from 'ioredis';
import type { Cache, CacheCommand, CacheOutcome, Clock, FlushProgress, FlushRequest } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';
import { buildRequests, splitRequest, type ApplyRequest, type ScriptRequest } from './apply-request.ts';
import { HistoryRepair, type HistoryEvent } from './history-repair.ts';
import { APPLY_SCRIPT } from './lua-script.ts';
import {
  isAboutTheKey,
  isScriptFailure,
  isScriptUnknown,
  isTryAgain,
  redirectOf,
  safeMessage,
} from './redis-errors.ts';
import { RedisFlush } from './redis-flush.ts';
import type { RedisServer, RedisServersOptions } from './redis-server.ts';
import { openServers, type RedisServers } from './redis-servers.ts';
import { ServerFlush } from './server-flush.ts';
import { sendRequests, type Reply } from './send-requests.ts';
import { VersionKeys } from './version-keys.ts';

export interface RedisCacheOptions extends RedisServersOptions {
  /** The name of the target in metrics and messages. */
  readonly name: string;
  /** Of the daemon and the target: what one process leaves in Redis under it, the next one looks at. Default: `name`. */
  readonly owner?: string;
  /** How long the version of a key is kept after it was last applied, ms: longer than any redelivery can be late. */
  readonly versionTtlMs: number;
  /** Keys of the server that a flush looks at per second, at most. */
  readonly flushKeysPerSecond: number;
  /** So many replicas must have a write before it counts as applied. Default: 0. */
  readonly waitReplicas?: number;
  readonly clock: Clock;
  /** Throws if nothing may be changed at this moment; asked right before every send, as a connection may take its time. */
  readonly permit?: () => void;
  /** Patterns of every key that the rules in force own: what goes when a server has forgotten more than can be repeated. */
  readonly ownPatterns?: () => readonly string[];
  readonly onHistory?: (event: HistoryEvent) => void;
}

/** Times that a request may be sent on by nodes, or to a server that has forgotten the script; then it is retried later. */
const MAX_ROUNDS = 20;
/** While a slot moves: most take a few ms. */
const TRY_AGAIN_MS = 25;

/** Written by `check`: the only way to know that writes are accepted. */
const CHECK_KEY = 'sluice:check';

/**
 * One target: a server, a cluster, or the master that sentinels know. A batch is one pipeline for each server: one write,
 * one round trip; plain deletes as UNLINK of many keys, all else through the versioned script. Calls may overlap: they
 * share the connections, and neither kind depends on order. Flushes have connections of their own, made at the first,
 * so that no command waits behind them; each has the pace of its own, so whoever calls does one at a time.
 */
export class RedisCache implements Cache {
  readonly name: string;
  readonly #options: RedisCacheOptions;
  readonly #versionKeys = new VersionKeys();
  readonly #servers: RedisServers;
  readonly #flush: ServerFlush;
  readonly #history: HistoryRepair;

  constructor(options: RedisCacheOptions) {
    const { name, owner = name, versionTtlMs, flushKeysPerSecond: keysPerSecond, clock } = options;
    this.name = name;
    this.#options = options;
    const servers = openServers(options);
    const { clustered } = servers;
    const versionKeys = this.#versionKeys;
    this.#servers = servers;
    this.#flush = new ServerFlush({
      servers,
      clock,
      flush: new RedisFlush({ clock, keysPerSecond, versionKeys, versionTtlMs, clustered }),
    });
    this.#history = new HistoryRepair({
      owner,
      servers,
      clock,
      tagOf: (slot) => versionKeys.numberIn(slot),
      apply: (commands) => this.apply(commands),
      flush: async (request, signal) => (await this.flush(request, () => undefined, signal)).removedKeys,
      ownPatterns: options.ownPatterns ?? (() => []),
      onEvent: options.onHistory ?? (() => undefined),
    });
  }

  async apply(commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
    this.#history.start();
    const call = { commands, outcomes: new Array<CacheOutcome>(commands.length).fill('applied') };
    let requests: readonly ApplyRequest[] = buildRequests(commands, {
      versionKeys: this.#versionKeys,
      versionTtlMs: this.#options.versionTtlMs,
      clustered: this.#servers.clustered,
    });
    for (let round = 0; requests.length > 0; round++) {
      if (round === MAX_ROUNDS) throw this.#unavailable(endless(requests));
      requests = await this.#available(() => this.#round(requests, call));
    }
    return call.outcomes;
  }

  async flush(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    this.#history.start();
    signal.throwIfAborted();
    this.#options.permit?.();
    const total = await this.#available(() => this.#flush.run(request, onProgress, signal));
    signal.throwIfAborted();
    this.#history.noteFlush(request);
    return total;
  }

  async check(): Promise<void> {
    this.#history.start();
    await this.#available(async () => {
      const masters = await this.#servers.masters();
      await together(
        masters.map(({ server, slot }) => {
          const key = this.#servers.clustered ? `${CHECK_KEY}:{${this.#versionKeys.numberIn(slot)}}` : CHECK_KEY;
          return server.commands.use((client) => client.set(key, '1', 'PX', 1000));
        }),
      );
    });
  }

  async close(): Promise<void> {
    await this.#history.close();
    await this.#servers.close();
  }

  /** Sends the requests together, notes the outcomes, and returns what must be sent again. */
  async #round(requests: readonly ApplyRequest[], call: Call): Promise<ApplyRequest[]> {
    const left = await (this.#servers.clustered ? this.#spread(requests, call) : this.#sendAll(requests, call));
    if (left.some(({ waits }) => waits)) await this.#options.clock.sleep(TRY_AGAIN_MS);
    return left.map(({ request }) => request);
  }

  /** To the only server. */
  async #sendAll(requests: readonly ApplyRequest[], call: Call): Promise<Again[]> {
    return this.#exchange(await this.#servers.serverOf({ slot: null }), requests, call);
  }

  /** To each node what it holds. */
  async #spread(requests: readonly ApplyRequest[], call: Call): Promise<Again[]> {
    const groups = new Map<RedisServer, ApplyRequest[]>();
    for (const request of requests) {
      const server = await this.#servers.serverOf(request);
      const group = groups.get(server);
      if (group === undefined) groups.set(server, [request]);
      else group.push(request);
    }
    const again = await together([...groups].map(([server, group]) => this.#exchange(server, group, call)));
    return again.flat();
  }

  #exchange(server: RedisServer, requests: readonly ApplyRequest[], call: Call): Promise<Again[]> {
    const { waitReplicas = 0, commandTimeoutMs, permit } = this.#options;
    return server.commands.use(async (client) => {
      permit?.();
      const replies = await sendRequests(client, requests, { waitReplicas, waitMs: Math.ceil(commandTimeoutMs / 2) });
      const again = replies.flatMap((reply, index) => {
        const request = requests[index];
        return request === undefined ? [] : this.#settle(request, reply, server, call);
      });
      await reloadScript(client, replies);
      return again;
    });
  }

  #settle(request: ApplyRequest, { error, value, command }: Reply, server: RedisServer, call: Call): Again[] {
    if (error === null) {
      // Now: while others are sent once more it may be lost already, and what is found lost is repeated from there.
      if (request.kind === 'unlink') this.#history.noteUnlink(command);
      else {
        this.#note(request, value, call.outcomes);
        this.#history.note(call.commands, request.places);
      }
      return [];
    }
    const { message } = error;
    const redirect = redirectOf(message);
    if (redirect !== null) {
      const place = this.#servers.redirected(redirect, server);
      return [again({ ...plain(request), ...(redirect.kind === 'ask' ? { askAt: place } : {}) })];
    }
    // From the node that holds the slot again: it knows on which side a key is now. A key and its version go together, so
    // only the pair that is on its way just now has to wait.
    if (isTryAgain(message)) {
      const parts = splitRequest(plain(request));
      return parts.map((part) => ({ request: part, waits: parts.length === 1 }));
    }
    if (request.kind === 'unlink') throw error;
    if (isScriptUnknown(message)) return [again(request)];
    if (!isScriptFailure(message)) throw error;
    if (request.places.length > 1) return splitRequest(request).map(again);
    for (const place of request.places) call.outcomes[place] = { failed: safeMessage(error) };
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

  /** Whatever goes wrong with a connection or a server becomes CACHE_UNAVAILABLE. */
  async #available<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#servers.doubt();
      this.#history.soon();
      throw error instanceof SluiceError ? error : this.#unavailable(safeMessage(error));
    }
  }

  #unavailable(reason: string): SluiceError {
    return new SluiceError('CACHE_UNAVAILABLE', `target ${this.name} (${this.#servers.address}): ${reason}`);
  }
}

/** What one `apply` is about. */
interface Call {
  readonly commands: readonly CacheCommand[];
  readonly outcomes: CacheOutcome[];
}

/** To be sent once more; `waits`: not at once. */
interface Again {
  readonly request: ApplyRequest;
  readonly waits: boolean;
}

function again(request: ApplyRequest): Again {
  return { request, waits: false };
}

/** To the node that holds the slot. */
function plain(request: ApplyRequest): ApplyRequest {
  const { slot, places, keys } = request;
  if (request.kind === 'unlink') return { kind: 'unlink', slot, places, keys };
  return { kind: 'script', slot, places, keys, args: request.args };
}

/** Why what is left after so many rounds is given up for now. */
function endless(left: readonly ApplyRequest[]): string {
  const slots = [...new Set(left.flatMap(({ slot }) => slot ?? []))];
  const where = slots.length === 0 ? '' : ` (slot ${slots.slice(0, 5).join(', ')}${slots.length > 5 ? ', …' : ''})`;
  return `the servers keep sending commands on, or forget the script${where}`;
}

/** Only when all replies are settled: a second copy of a script changes nothing. */
async function reloadScript(client: Redis, replies: readonly Reply[]): Promise<void> {
  const isUnknown = ({ error }: Reply): boolean => error !== null && isScriptUnknown(error.message);
  if (replies.some(isUnknown)) await APPLY_SCRIPT.load(client);
}

/** Waits for all of them, also when one fails: nothing of a call goes on behind its back. */
async function together<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}
