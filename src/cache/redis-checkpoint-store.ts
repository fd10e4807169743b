import type { Redis } from 'ioredis';
import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../ports.ts';
import type { RedisAddress } from '../runtime/config/config.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { CLAIM_CHECKPOINT_SCRIPT, SAVE_CHECKPOINT_SCRIPT } from './lua-script.ts';
import { RedisConnection } from './redis-connection.ts';
import { safeMessage } from './redis-errors.ts';

export interface RedisCheckpointStoreOptions {
  readonly address: RedisAddress;
  /** By custom `sluice:checkpoint:<name of the daemon>`. */
  readonly key: string;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
}

/** Stands in the place of the first checkpoint; the script of a claim writes it. */
const CLAIMED = 'claimed\n';

/**
 * The checkpoint as one key. It lasts as long as that Redis keeps it: a server without persistence, or one that evicts
 * keys, can lose it, and a capture without a checkpoint begins like the very first. `appendonly yes` on a server with
 * `maxmemory-policy noeviction` or `volatile-*` (the key has no TTL) is right; the worst a crash then does is bring
 * back a checkpoint of a second ago, which only repeats a second.
 *
 * Its first line is the fencing token, which scripts compare in the server: a save that was on its way for minutes changes
 * nothing. Text without that line is a checkpoint of before there were tokens, or one that a person has put there.
 */
export class RedisCheckpointStore implements CheckpointStore {
  readonly #key: string;
  readonly #connection: RedisConnection;

  constructor({ key, ...connection }: RedisCheckpointStoreOptions) {
    this.#key = key;
    this.#connection = new RedisConnection({ ...connection, clientName: 'sluice:checkpoint' });
  }

  async load(): Promise<Checkpoint | null> {
    const text = await this.#use((client) => client.get(this.#key));
    if (text === null) return null;
    const { checkpoint } = split(text);
    if (checkpoint === CLAIMED) return null;
    try {
      return decodeCheckpoint(checkpoint);
    } catch (error) {
      throw this.#error('CHECKPOINT_UNREADABLE', errorMessage(error));
    }
  }

  async claim(): Promise<number> {
    return Number(await this.#use((client) => CLAIM_CHECKPOINT_SCRIPT.evaluate(client, this.#key)));
  }

  async isNewest(token: number): Promise<boolean> {
    const text = await this.#use((client) => client.get(this.#key));
    return text === null || split(text).token <= token;
  }

  async save(checkpoint: Checkpoint, token: number): Promise<void> {
    const text = encodeCheckpoint(checkpoint);
    const saved = await this.#use((client) => SAVE_CHECKPOINT_SCRIPT.evaluate(client, this.#key, String(token), text));
    if (saved !== 1) throw this.#error('LEASE_LOST', `another process has claimed a token newer than ${token}`);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#connection.use(work);
    } catch (error) {
      // A list, a hash, … under our key: somebody else's, and no retry makes it a checkpoint.
      const isForeign = errorMessage(error).includes('WRONGTYPE');
      throw this.#error(isForeign ? 'CHECKPOINT_UNREADABLE' : 'CHECKPOINT_UNAVAILABLE', safeMessage(error));
    }
  }

  #error(code: 'CHECKPOINT_UNREADABLE' | 'CHECKPOINT_UNAVAILABLE' | 'LEASE_LOST', reason: string): SluiceError {
    return new SluiceError(code, `key ${this.#key} in Redis ${this.#connection.address}: ${reason}`);
  }
}

function split(text: string): { readonly token: number; readonly checkpoint: string } {
  const line = /^([0-9]+)\n/.exec(text);
  return line === null
    ? { token: 0, checkpoint: text }
    : { token: Number(line[1]), checkpoint: text.slice(line[0].length) };
}
