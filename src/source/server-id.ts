import { createHash } from 'node:crypto';
import { text, type Session } from './session.ts';
import type { ServerFacts } from './server-facts.ts';

/** Small numbers are what people give their own servers. */
const LOWEST = 1000;
const HIGHEST = 2 ** 32 - 1;

/**
 * A replica's server id must be unique among all servers and replicas of the topology: two with the same one evict
 * each other for ever. The same pipeline on the same host always gets the same one.
 */
export function deriveServerId(pipeline: string, host: string): number {
  return LOWEST + (digest(pipeline, host).readUInt32BE(0) % (HIGHEST - LOWEST + 1));
}

/**
 * The UUID we call ourselves. When a connection with the same UUID (MySQL) or server id (MariaDB) asks for a dump,
 * the server ends the older one: so a connection that died without our noticing cannot go on beside the new one.
 */
export function replicaUuid(pipeline: string, serverId: number): string {
  const hex = digest(pipeline, String(serverId)).subarray(4, 20).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Replicas that registered themselves under this id, `host:port` each. A client that only dumps does not register. */
export async function replicasWithId(session: Session, facts: ServerFacts, serverId: number): Promise<string[]> {
  const rows = await session.query(facts.flavour === 'mysql' ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS');
  return rows
    .filter((row) => Number(text(row, 'Server_Id') || text(row, 'Server_id')) === serverId)
    .map((row) => `${text(row, 'Host') || 'unknown host'}:${text(row, 'Port')}`);
}

function digest(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(parts.join('\0')).digest();
}
