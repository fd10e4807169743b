import { isUtf8 } from 'node:buffer';
import type { Redis } from 'ioredis';
import type { Clock, FlushProgress, FlushRequest } from '../ports.ts';
import { FlushPacer } from './flush-pacer.ts';
import { FLUSH_SCRIPT } from './lua-script.ts';
import { isScriptUnknown, safeMessage } from './redis-errors.ts';
import type { VersionKeys } from './version-keys.ts';

export interface RedisFlushOptions {
  readonly clock: Clock;
  readonly keysPerSecond: number;
  readonly versionKeys: VersionKeys;
  readonly versionTtlMs: number;
}

/** Versions, epochs, checkpoints: never part of the cache, however wide a pattern is. */
const OWN_KEYS = Buffer.from('sluice:');

/**
 * The keys of one server that match a pattern, in small steps with rests between them. A key that is there from the
 * beginning to the end is seen, as SCAN promises; one may be seen twice, which changes nothing. A cursor is worth nothing
 * to another server or after a restart, so a flush must run on one connection from beginning to end.
 */
export class RedisFlush {
  readonly #options: RedisFlushOptions;

  constructor(options: RedisFlushOptions) {
    this.#options = options;
  }

  /** Resolves with what was done, also when aborted: then it is not all. `scannedKeys` is about right: SCAN does not tell. */
  async run(
    client: Redis,
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    const { clock, keysPerSecond } = this.#options;
    const pacer = new FlushPacer({ clock, keysPerSecond });
    let progress: FlushProgress = { scannedKeys: 0, removedKeys: 0 };
    let cursor = '0';
    while (!signal.aborted) {
      const beganMs = clock.now();
      const { keys } = pacer;
      const [next, found] = await client.scanBuffer(cursor, 'MATCH', request.pattern, 'COUNT', keys);
      const removed = await this.#remove(client, found.filter(isOthers), { ...request, atOnce: keys });
      const scanned = Math.max(keys, found.length);
      progress = { scannedKeys: progress.scannedKeys + scanned, removedKeys: progress.removedKeys + removed };
      onProgress(progress);
      cursor = next.toString();
      if (cursor === '0') break;
      await pacer.rest({ keys: scanned, tookMs: clock.now() - beganMs }, signal).catch(() => undefined);
    }
    return progress;
  }

  async #remove(
    client: Redis,
    keys: readonly Buffer[],
    request: FlushRequest & { readonly atOnce: number },
  ): Promise<number> {
    let removed = 0;
    // SCAN may give more than it was asked for: all keys of a bucket come together.
    for (let at = 0; at < keys.length; at += request.atOnce) {
      const slice = keys.slice(at, at + request.atOnce);
      // Refreshes write keys that are text; no other key has a version, nor could it be named.
      const texts = request.versioned ? slice.filter((key) => isUtf8(key)) : [];
      const others = request.versioned ? slice.filter((key) => !isUtf8(key)) : slice;
      if (others.length > 0) removed += await client.unlink(...others);
      if (texts.length > 0) removed += await this.#removeVersioned(client, texts, request);
    }
    return removed;
  }

  async #removeVersioned(client: Redis, keys: readonly Buffer[], { version }: FlushRequest): Promise<number> {
    const { versionKeys, versionTtlMs } = this.#options;
    const pairs = keys.flatMap((key) => [key, versionKeys.of(key.toString('utf8'))]);
    const run = async (): Promise<number> => {
      const reply = await client.evalsha(
        FLUSH_SCRIPT.sha,
        pairs.length,
        ...pairs,
        String(versionTtlMs),
        String(version),
      );
      if (typeof reply !== 'number') throw new Error('an answer that is none of the script');
      return reply;
    };
    try {
      return await run();
    } catch (error) {
      if (!isScriptUnknown(safeMessage(error))) throw error;
      await FLUSH_SCRIPT.load(client);
      return run();
    }
  }
}

function isOthers(key: Buffer): boolean {
  return !key.subarray(0, OWN_KEYS.length).equals(OWN_KEYS);
}
