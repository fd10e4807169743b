import type { TargetAddress } from '../runtime/config/config.ts';
import { APPLY_SCRIPT, FLUSH_SCRIPT } from './lua-script.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { formatAddress } from './redis-errors.ts';

/** One server that takes writes, and its connections: one for commands, one for flushes, made at the first. */
export interface RedisServer {
  /** `host:port`, or what it is the master of. */
  readonly name: string;
  readonly commands: RedisConnection;
  readonly flushes: RedisConnection;
}

export interface RedisServersOptions {
  /** Of the target. */
  readonly name: string;
  readonly address: TargetAddress;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
}

/** Connects nothing yet. */
export function openServer(
  { name, commandTimeoutMs, connectTimeoutMs }: RedisServersOptions,
  connection: Pick<RedisConnectionOptions, 'address' | 'locate' | 'verify'>,
): RedisServer {
  const shared = {
    ...connection,
    commandTimeoutMs,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
  return {
    name: formatAddress(connection.address),
    commands: new RedisConnection({
      ...shared,
      clientName: `sluice:${name}`,
      prepare: (client) => APPLY_SCRIPT.load(client),
    }),
    flushes: new RedisConnection({
      ...shared,
      clientName: `sluice:${name}:flush`,
      prepare: (client) => FLUSH_SCRIPT.load(client),
    }),
  };
}

export async function closeServer({ commands, flushes }: RedisServer): Promise<void> {
  await Promise.all([commands.close(), flushes.close()]);
}
