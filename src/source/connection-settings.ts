import { connect, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'mysql2';
import type { MysqlAddress, TlsConfig } from '../runtime/config/config.ts';

const KEEP_ALIVE_DELAY_MS = 30_000;

/** For messages: where, and as whom; never the password. */
export function describe({ host, port, user }: MysqlAddress): string {
  return `${host}:${port} as '${user}'`;
}

/**
 * What every connection of ours has in common. Values come as text wherever JavaScript would lose something: dates
 * (no local zone, no Invalid Date), JSON (no rounded integers), decimals and large integers (the client's own way).
 */
export function clientOptions(address: MysqlAddress, connectTimeoutMs: number): ConnectionOptions {
  const { host, port, user, password, database, tls } = address;
  return {
    host,
    port,
    user,
    password,
    ...(database === null ? {} : { database }),
    ...(tls === null ? {} : { ssl: tlsOptions(tls), stream: () => namedSocket(host, port) }),
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    // A link that went away is noticed by the kernel as well, not only by our watchdog.
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    dateStrings: true,
    jsonStrings: true,
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
  };
}

/**
 * The client lets Node compare the name in the certificate with that of the socket, which has none when it was connected
 * to an address: Node then takes `localhost`. A certificate for the address would be refused, and one for `localhost`,
 * which every machine may have, accepted.
 */
function namedSocket(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS });
  return isIP(host) === 0 ? socket : Object.assign(socket, { _host: host });
}

function tlsOptions({ ca, cert, key, verify }: TlsConfig): NonNullable<ConnectionOptions['ssl']> & object {
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    rejectUnauthorized: verify,
    verifyIdentity: verify,
  };
}
