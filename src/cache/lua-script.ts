import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { isScriptUnknown, safeMessage } from './redis-errors.ts';

/** A script that runs inside Redis. The build copies the files beside the compiled module; their first lines say what they do. */
export class LuaScript {
  readonly sha: string;
  readonly #source: string;

  constructor(file: string) {
    this.#source = readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
    this.sha = createHash('sha1').update(this.#source).digest('hex');
  }

  /** On every new connection, and again when the server has forgotten it (SCRIPT FLUSH, restart, failover). */
  load(client: Redis): Promise<unknown> {
    return client.script('LOAD', this.#source);
  }

  /** With its text, for what is not called often: nothing to load before, and nothing that the server could forget. */
  evaluate(client: Redis, key: string, ...args: readonly string[]): Promise<unknown> {
    return client.eval(this.#source, 1, key, ...args);
  }

  /** By its digest; loads it where the server does not know it. */
  async run(client: Redis, keys: readonly (string | Buffer)[], args: readonly string[]): Promise<unknown> {
    try {
      return await client.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isScriptUnknown(safeMessage(error))) throw error;
      await this.load(client);
      return client.evalsha(this.sha, keys.length, ...keys, ...args);
    }
  }
}

export const APPLY_SCRIPT = new LuaScript('apply-versioned.lua');

export const FLUSH_SCRIPT = new LuaScript('flush-versioned.lua');

export const MARK_SCRIPT = new LuaScript('mark-history.lua');

export const CLAIM_CHECKPOINT_SCRIPT = new LuaScript('claim-checkpoint.lua');

export const SAVE_CHECKPOINT_SCRIPT = new LuaScript('save-checkpoint.lua');
