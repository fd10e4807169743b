import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** The build copies the script beside the compiled module. Its first lines say what it does. */
const SOURCE = readFileSync(new URL('./lua/apply-versioned.lua', import.meta.url), 'utf8');

export const APPLY_SCRIPT_SHA = createHash('sha1').update(SOURCE).digest('hex');

/** On every new connection, and again when the server has forgotten it (SCRIPT FLUSH, restart, failover). */
export function loadApplyScript(client: Redis): Promise<unknown> {
  return client.script('LOAD', SOURCE);
}
