import { isUtf8 } from 'node:buffer';
import type { Redis } from 'ioredis';
import { lostAbove } from '../model/version.ts';
import type { Clock, FlushProgress, FlushRequest } from '../ports.ts';
import { FlushPacer } from './flush-pacer.ts';
import { slotOfBytes } from './key-slot.ts';
import { FLUSH_SCRIPT } from './lua-script.ts';
import { isTryAgain, redirectOf, safeMessage } from './redis-errors.ts';
import type { VersionKeys } from './version-keys.ts';

export interface RedisFlushOptions {
  readonly clock: Clock;
  readonly keysPerSecond: number;
  readonly versionKeys: VersionKeys;
  readonly versionTtlMs: number;
  /** In a cluster no command has keys of two slots. */
  readonly clustered: boolean;
}

/** One look at all keys of a server. */
interface Pass {
  readonly match: string;
  /** The keys that the found ones are, or are about. */
  readonly keysOf: (found: readonly Buffer[]) => readonly Buffer[];
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
    for (const { match, keysOf } of this.#passes(request)) {
      let cursor = '0';
      while (!signal.aborted) {
        const beganMs = clock.monotonicMs();
        const { keys } = pacer;
        const [next, found] = await client.scanBuffer(cursor, 'MATCH', match, 'COUNT', keys);
        const removed = await this.#remove(client, keysOf(found).filter(isOthers), { ...request, atOnce: keys });
        const scanned = Math.max(keys, found.length);
        progress = { scannedKeys: progress.scannedKeys + scanned, removedKeys: progress.removedKeys + removed };
        onProgress(progress);
        cursor = next.toString();
        if (cursor === '0') break;
        await pacer.rest({ keys: scanned, tookMs: clock.monotonicMs() - beganMs }, signal).catch(() => undefined);
      }
    }
    return progress;
  }

  /**
   * A forced flush looks at versions first, also those of keys that are not there: one of a past that nobody remembers would hold
   * back every delete of a key that comes meanwhile.
   */
  #passes({ pattern, forced }: FlushRequest): readonly Pass[] {
    const keys: Pass = { match: pattern, keysOf: (found) => found };
    if (forced !== true) return [keys];
    const { versionKeys } = this.#options;
    const keyOf = (found: Buffer): Buffer[] => {
      const key = isUtf8(found) ? versionKeys.keyOf(found.toString('utf8')) : null;
      return key === null ? [] : [Buffer.from(key, 'utf8')];
    };
    return [{ match: versionKeys.patternOf(pattern), keysOf: (found) => found.flatMap(keyOf) }, keys];
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
      const steps = [
        ...this.#bySlot(others).map((group) => client.unlink(...group)),
        ...this.#bySlot(texts).map((group) => this.#removeVersioned(client, group, request)),
      ];
      for (const count of await Promise.all(steps.map(unlessMoved))) removed += count;
    }
    return removed;
  }

  /** As commands may name them together; those for the slots of one step leave together. */
  #bySlot(keys: readonly Buffer[]): (readonly Buffer[])[] {
    if (keys.length === 0) return [];
    if (!this.#options.clustered) return [keys];
    const groups = new Map<number, Buffer[]>();
    for (const key of keys) {
      const slot = slotOfBytes(key);
      const group = groups.get(slot);
      if (group === undefined) groups.set(slot, [key]);
      else group.push(key);
    }
    return [...groups.values()];
  }

  async #removeVersioned(client: Redis, keys: readonly Buffer[], { version, forced }: FlushRequest): Promise<number> {
    const { versionKeys, versionTtlMs } = this.#options;
    const pairs = keys.flatMap((key) => [key, versionKeys.of(key.toString('utf8'))]);
    const args = [
      String(versionTtlMs),
      String(version),
      forced === true ? String(lostAbove(version, this.#options.clock.now())) : '0',
    ];
    const reply = await FLUSH_SCRIPT.run(client, pairs, args);
    if (typeof reply !== 'number') throw new Error('an answer that is none of the script');
    return reply;
  }
}

/** Keys of a slot that has moved, or is moving, are the business of the next pass: the flush is repeated when slots moved. */
function unlessMoved(removal: Promise<number>): Promise<number> {
  return removal.catch((error: unknown) => {
    const message = safeMessage(error);
    if (redirectOf(message) !== null || isTryAgain(message)) return 0;
    throw error;
  });
}

function isOthers(key: Buffer): boolean {
  return !key.subarray(0, OWN_KEYS.length).equals(OWN_KEYS);
}
