import type { ConnectionOptions } from 'mysql2';
import type { MysqlAddress, TlsConfig } from '../runtime/config/config.ts';

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
    ...(tls === null ? {} : { ssl: tlsOptions(tls) }),
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    // A link that went away is noticed by the kernel as well, not only by our watchdog.
    keepAliveInitialDelay: 30_000,
    dateStrings: true,
    jsonStrings: true,
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
  };
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
