import type { Redis } from 'ioredis';
import type { StartTrace } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';
import { keySlot } from './key-slot.ts';
import { safeMessage } from './redis-errors.ts';
import type { RedisServersOptions } from './redis-server.ts';
import { openServers, type RedisServers } from './redis-servers.ts';

export interface RedisStartTraceOptions extends RedisServersOptions {
  readonly pipeline: string;
}

/**
 * One key in the target itself, without an expiry: where the values went, it went too. Only commands that applying needs
 * anyway (SET, MGET), so the account needs no other rights.
 */
export class RedisStartTrace implements StartTrace {
  readonly #key: string;
  readonly #name: string;
  readonly #servers: RedisServers;

  constructor({ pipeline, ...options }: RedisStartTraceOptions) {
    this.#key = `sluice:started:${pipeline}`;
    this.#name = options.name;
    this.#servers = openServers(options);
  }

  async exists(): Promise<boolean> {
    const [value] = await this.#use((client) => client.mget(this.#key));
    return typeof value === 'string';
  }

  async leave(): Promise<void> {
    await this.#use((client) => client.set(this.#key, '1'));
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  async #use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      const slot = this.#servers.clustered ? keySlot(this.#key) : null;
      const { commands } = await this.#servers.serverOf({ slot });
      return await commands.use(work);
    } catch (error) {
      // A slot that has moved is looked for before the next attempt.
      this.#servers.doubt();
      const reason = safeMessage(error);
      throw new SluiceError('CACHE_UNAVAILABLE', `target ${this.#name} (${this.#servers.address}): ${reason}`);
    }
  }
}
