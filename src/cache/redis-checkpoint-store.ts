import type { Redis } from 'ioredis';
import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../ports.ts';
import type { RedisAddress } from '../runtime/config/config.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { RedisConnection } from './redis-connection.ts';
import { safeMessage } from './redis-errors.ts';

export interface RedisCheckpointStoreOptions {
  readonly address: RedisAddress;
  /** By custom `sluice:checkpoint:<name of the daemon>`. */
  readonly key: string;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
}

/**
 * The checkpoint as one key. It lasts as long as that Redis keeps it: a server without persistence, or one that evicts
 * keys, can lose it, and a capture without a checkpoint begins like the very first. `appendonly yes` on a server with
 * `maxmemory-policy noeviction` or `volatile-*` (the key has no TTL) is right; the worst a crash then does is bring
 * back a checkpoint of a second ago, which only repeats a second.
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
    try {
      return decodeCheckpoint(text);
    } catch (error) {
      throw this.#error('CHECKPOINT_UNREADABLE', errorMessage(error));
    }
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    await this.#use((client) => client.set(this.#key, encodeCheckpoint(checkpoint)));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#connection.use(work);
    } catch (error) {
      // A list, a hash, … under our key: somebody else's, and no retry makes it a checkpoint.
      const isForeign = errorMessage(error).startsWith('WRONGTYPE');
      throw this.#error(isForeign ? 'CHECKPOINT_UNREADABLE' : 'CHECKPOINT_UNAVAILABLE', safeMessage(error));
    }
  }

  #error(code: 'CHECKPOINT_UNREADABLE' | 'CHECKPOINT_UNAVAILABLE', reason: string): SluiceError {
    return new SluiceError(code, `key ${this.#key} in Redis ${this.#connection.address}: ${reason}`);
  }
}
