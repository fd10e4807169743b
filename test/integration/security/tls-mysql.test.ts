import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { MysqlLease } from '../../../src/source/mysql-lease.ts';
import { preflightQueries } from '../../../src/source/preflight-queries.ts';
import { preflightSource } from '../../../src/source/preflight.ts';
import { MysqlRowLookup } from '../../../src/source/row-lookup.ts';
import { MysqlRowReader } from '../../../src/source/row-reader.ts';
import { openSource, startAtNow } from '../source/fixture.ts';
import {
  mysqlAddress,
  openMysql,
  recordingLogger,
  tlsFolder,
  tlsOf,
  withClientCertificate,
  type TlsFolder,
} from './tls-servers.ts';

const SQL = 'SELECT id, stock FROM shop.products WHERE id = ?';
const query = { sql: SQL, parameters: [1], database: 'shop', gtid: null };

describe.each(['mysql', 'mariadb'] as const)('%s that demands TLS', (flavour) => {
  let tls: TlsFolder;
  let shop: Awaited<ReturnType<typeof openMysql>>;
  beforeAll(async () => {
    // No DNS name: `localhost` is a wrong host name then, and the address has to be checked as an address.
    tls = await tlsFolder(['127.0.0.1']);
    shop = await openMysql(tls.certificates, flavour);
  });
  afterAll(async () => {
    await shop.close();
    tls.remove();
  });

  /** Everything that comes from the server before a start is refused: as the source, and for refresh queries. */
  const preflight = async (address: MysqlAddress): Promise<string[]> => {
    const source = await preflightSource({ address, serverId: 4711, connectTimeoutMs: 5_000 });
    const queries = [{ rule: 'product', sql: SQL, database: 'shop' }];
    const read = await preflightQueries({ address, section: 'read', timeoutMs: 5_000, queries });
    return [...source, ...read].map(({ message, remedy }) => `${message} ${remedy}`);
  };

  /** One connection each: the session that locates, the dump, the pool of reads, the pool of lookups. */
  const links = (address: MysqlAddress, logger = recordingLogger().logger) => {
    const { source } = openSource({ address, logger });
    const pooled = { address, connections: 1, timeoutMs: 3_000, clock: systemClock };
    return { source, reader: new MysqlRowReader(pooled), lookup: new MysqlRowLookup(pooled) };
  };

  const works = async (address: MysqlAddress): Promise<void> => {
    expect(await preflight(address)).toEqual([]);
    const { source, reader, lookup } = links(address);
    const stop = new AbortController();
    const batches = source.changes(await startAtNow(source), stop.signal);
    const first = batches.next();
    await shop.pool.query('UPDATE shop.products SET stock = stock + 1 WHERE id = 1');
    expect((await first).value?.changes).toBeDefined();
    stop.abort();
    await batches.return();
    expect(await reader.read(query)).toHaveLength(1);
    const found = await lookup.find({ sql: SQL, parameters: [[1]], database: 'shop', timeoutMs: 3_000 } as never);
    expect(found).toHaveLength(1);
    const lock = lease(address);
    await lock.acquire(AbortSignal.timeout(10_000));
    await Promise.all([reader.close(), lookup.close(), lock.close()]);
  };

  const lease = (address: MysqlAddress, logger = recordingLogger().logger) =>
    new MysqlLease({
      name: 'tls',
      address,
      timeoutMs: 5_000,
      verify: () => Promise.resolve(),
      clock: systemClock,
      logger,
      metrics: new Metrics(),
    });

  const isRefused = async (address: MysqlAddress, reason: RegExp): Promise<void> => {
    const problems = await preflight(address);
    expect(problems).toEqual([expect.stringMatching(reason), expect.stringMatching(reason)]);
    expect(problems.join()).toContain('source.tls');
    expect(problems.join()).toContain('read.tls');
    const { logger, text } = recordingLogger();
    const { source, reader, lookup } = links(address, logger);
    const stop = new AbortController();
    const locating = source.locate({ kind: 'now' }, stop.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(text()).toMatch(/the source is lost; reconnecting/), { timeout: 10_000 });
    expect(text()).toMatch(reason);
    stop.abort();
    await locating;
    await expect(reader.read(query)).rejects.toMatchObject({ code: 'READ_UNAVAILABLE', retryable: true });
    await expect(reader.read(query)).rejects.toThrow(reason);
    await expect(
      lookup.find({ sql: SQL, parameters: [[1]], database: 'shop', timeoutMs: 3_000 } as never),
    ).rejects.toThrow(reason);
    const lock = lease(address, logger);
    await expect(lock.acquire(AbortSignal.timeout(3_000))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(text()).toMatch(/lease/);
    await Promise.all([reader.close(), lookup.close(), lock.close()]);
  };

  it('is used with the right authority, on every connection', async () => {
    await works(mysqlAddress(shop.server, { tls: tlsOf(tls.certificates) }));
  });

  it('is refused when another authority signed its certificate', async () => {
    await isRefused(mysqlAddress(shop.server, { tls: tlsOf(tls.others) }), /certificate/);
  });

  it('is refused when the certificate is for another name', async () => {
    await isRefused(
      mysqlAddress(shop.server, { host: 'localhost', tls: tlsOf(tls.certificates) }),
      /does not match certificate/,
    );
  });

  it('refuses a connection without TLS, and the problem says what to configure', async () => {
    await isRefused(
      mysqlAddress(shop.server),
      flavour === 'mysql' ? /insecure transport/ : /demands TLS|Access denied/,
    );
  });

  it('is used without verification where that is configured, whatever it shows', async () => {
    const address = { host: 'localhost', tls: tlsOf(tls.others, { verify: false }) };
    await works(mysqlAddress(shop.server, address));
  });

  it('asks for a certificate of the client where the account demands one', async () => {
    await shop.pool.query("ALTER USER 'sluice'@'%' REQUIRE X509");
    try {
      const refused = await preflight(mysqlAddress(shop.server, { tls: tlsOf(tls.certificates) }));
      expect(refused).toEqual([expect.stringMatching(/tls\.cert/), expect.stringMatching(/tls\.cert/)]);
      await works(mysqlAddress(shop.server, { tls: withClientCertificate(tls.certificates) }));
    } finally {
      await shop.pool.query("ALTER USER 'sluice'@'%' REQUIRE NONE");
    }
  });
});

it('an address is checked as an address: a certificate for `localhost` alone is not one for 127.0.0.1', async () => {
  const tls = await tlsFolder(['localhost']);
  const shop = await openMysql(tls.certificates, 'mysql');
  try {
    const address = mysqlAddress(shop.server, { tls: tlsOf(tls.certificates) });
    const problems = await preflightSource({ address, serverId: 4711, connectTimeoutMs: 5_000 });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(/127\.0\.0\.1/)]);
    expect(JSON.stringify(problems)).toMatch(/does not match certificate/);
  } finally {
    await shop.close();
    tls.remove();
  }
});
