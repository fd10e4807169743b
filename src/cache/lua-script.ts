import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

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
}

export const APPLY_SCRIPT = new LuaScript('apply-versioned.lua');

export const FLUSH_SCRIPT = new LuaScript('flush-versioned.lua');
