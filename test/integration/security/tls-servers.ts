/** Servers that let nobody in without TLS, and the TLS settings that are right and wrong for them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, type Pool } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import {
  makeCertificates,
  startKafka,
  startMysql,
  startRedis,
  type Certificates,
  type ThrowawayKafka,
  type ThrowawayMysql,
  type ThrowawayRedis,
} from '../../../deploy/local/services.ts';
import type { MysqlAddress, RedisAddress, TlsConfig } from '../../../src/runtime/config/config.ts';
import type { Logger } from '../../../src/runtime/logger.ts';
import type { KafkaConnection } from '../../../src/transport/kafka-client.ts';

/** A login that no server but these knows, with characters that need care in a URL and in a SASL message. */
export const LOGIN = { name: 'sluice', password: 'p/a:s@w%o?rd' };

export interface TlsFolder {
  readonly certificates: Certificates;
  /** Of another authority. */
  readonly others: Certificates;
  readonly folder: string;
  remove(): void;
}

/** Certificates for `hosts`, and a second authority that signed none of them. */
export async function tlsFolder(hosts?: readonly string[]): Promise<TlsFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  return {
    folder,
    certificates: await makeCertificates(join(folder, 'right'), hosts),
    others: await makeCertificates(join(folder, 'other'), hosts),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const pem = (path: string): string => readFileSync(path, 'utf8');

/** What the configuration would make of the files. */
export function tlsOf({ ca }: Certificates, more: Partial<TlsConfig> = {}): TlsConfig {
  return { ca: pem(ca), cert: null, key: null, verify: true, ...more };
}

export function withClientCertificate(certificates: Certificates): TlsConfig {
  const { cert, key } = certificates.client;
  return tlsOf(certificates, { cert: pem(cert), key: pem(key) });
}

export const mysqlAddress = (server: ThrowawayMysql, more: Partial<MysqlAddress> = {}): MysqlAddress => ({
  host: '127.0.0.1',
  port: server.port,
  user: LOGIN.name,
  password: LOGIN.password,
  database: null,
  tls: null,
  ...more,
});

export const redisAddress = (server: ThrowawayRedis, more: Partial<RedisAddress> = {}): RedisAddress => ({
  host: '127.0.0.1',
  port: server.port,
  username: LOGIN.name,
  password: LOGIN.password,
  database: 0,
  tls: null,
  ...more,
});

export const kafkaConnection = (server: ThrowawayKafka, more: Partial<KafkaConnection> = {}): KafkaConnection => ({
  brokers: server.brokers,
  clientId: 'tls-test',
  tls: null,
  sasl: null,
  ...more,
});

export const scram = (
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
): NonNullable<KafkaConnection['sasl']> => ({
  mechanism,
  username: LOGIN.name,
  password: LOGIN.password,
});

/** MySQL or MariaDB with `require_secure_transport`, the account of the daemon, and a table. */
export async function openMysql(certificates: Certificates, flavour: 'mysql' | 'mariadb') {
  const server = await startMysql({ certificates, flavour });
  const pool: Pool = createPool({ uri: server.url, ssl: { ca: pem(certificates.ca) }, multipleStatements: true });
  await pool.query('ALTER USER ?@? IDENTIFIED BY ?', [LOGIN.name, '%', LOGIN.password]);
  await pool.query('CREATE DATABASE shop; CREATE TABLE shop.products (id INT PRIMARY KEY, stock INT NOT NULL)');
  await pool.query('INSERT INTO shop.products VALUES (1, 10)');
  return {
    server,
    pool,
    close: async (): Promise<void> => {
      await pool.end();
      await server.remove();
    },
  };
}

/** Redis whose only port speaks TLS, with one user. */
export async function openRedis(certificates: Certificates) {
  const server = await startRedis({ certificates });
  const app = new Redis({
    host: '127.0.0.1',
    port: server.port,
    tls: withoutNulls(withClientCertificate(certificates)),
  });
  app.on('error', () => undefined);
  await app.acl('SETUSER', LOGIN.name, 'on', `>${LOGIN.password}`, '~*', '+@all');
  return {
    server,
    app,
    close: async (): Promise<void> => {
      app.disconnect();
      await server.remove();
    },
  };
}

export const openKafka = (
  certificates: Certificates,
  more: { clientCertificate?: boolean } = {},
): Promise<ThrowawayKafka> =>
  startKafka({
    security: { certificates, users: { [LOGIN.name]: LOGIN.password }, ...more },
    // Rights have a test of their own.
    properties: { 'allow.everyone.if.no.acl.found': 'true', 'super.users': `User:ANONYMOUS;User:${LOGIN.name}` },
  });

export function withoutNulls({ ca, cert, key, verify }: TlsConfig) {
  return { rejectUnauthorized: verify, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** A logger that keeps what it is told. */
export function recordingLogger(): { logger: Logger; text: () => string } {
  let text = '';
  const logger = pino({ level: 'debug' }, { write: (line: string) => void (text += line) });
  return { logger, text: () => text };
}
