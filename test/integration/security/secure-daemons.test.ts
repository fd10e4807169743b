import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SluiceProcess } from '../../../deploy/local/sluice-process.ts';
import type { ThrowawayKafka } from '../../../deploy/local/services.ts';
import { openKafka, LOGIN, openMysql, openRedis, tlsFolder, type TlsFolder } from './tls-servers.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const TOKEN = 'token-of-sixteen-characters';
/** Of docs/security.md, as they stand in GRANT. */
const REPLICATION = {
  mysql: ['REPLICATION SLAVE', 'REPLICATION CLIENT'],
  mariadb: ['REPLICATION SLAVE', 'BINLOG MONITOR'],
} as const;
const REDIS = '~sluice:* ~product:* ~card:* +ping +info +scan +mget +set +hset +pexpire +unlink +evalsha +script|load';

const RULES = {
  rules: [
    { name: 'product', table: 'shop.products', keys: ['product:{id}'], action: 'delete' },
    {
      name: 'card',
      table: 'shop.products',
      keys: ['card:{id}'],
      action: { refresh: { query: 'SELECT id, stock FROM shop.products WHERE id = :id', ttl: '10m' } },
    },
  ],
};

describe.each(['mysql', 'mariadb'] as const)('daemons on servers that demand TLS and logins: %s', (flavour) => {
  let tls: TlsFolder;
  let mysql: Awaited<ReturnType<typeof openMysql>>;
  let redis: Awaited<ReturnType<typeof openRedis>>;
  let kafka: ThrowawayKafka;
  let folder: string;
  beforeAll(async () => {
    tls = await tlsFolder();
    folder = mkdtempSync(join(tmpdir(), 'sluice-secure-'));
    [mysql, redis, kafka] = await Promise.all([
      openMysql(tls.certificates, flavour),
      openRedis(tls.certificates),
      openKafka(tls.certificates),
    ]);
    await redis.app.acl('SETUSER', LOGIN.name, 'reset', 'on', `>${LOGIN.password}`, ...REDIS.split(' '));
    writeFileSync(join(folder, 'password'), `${LOGIN.password}\n`);
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(RULES));
  });
  afterAll(async () => {
    await Promise.all([mysql.close(), redis.close(), kafka.remove()]);
    tls.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const account = `'${LOGIN.name}'@'%'`;
  const grantExactly = async (without: string[] = []): Promise<void> => {
    await mysql.pool.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${account}`);
    const rights = REPLICATION[flavour].filter((name) => !without.includes(name));
    if (rights.length > 0) await mysql.pool.query(`GRANT ${rights.join(', ')} ON *.* TO ${account}`);
    if (!without.includes('SELECT')) await mysql.pool.query(`GRANT SELECT ON shop.products TO ${account}`);
  };

  const configFor = (name: string, more: object = {}): string => {
    const login = { ca: tls.certificates.ca };
    const secret = '${file:password}';
    const config = {
      name,
      rules: 'rules.yaml',
      source: { host: '127.0.0.1', port: mysql.server.port, user: LOGIN.name, password: secret, tls: login },
      targets: [
        { name: 'main', url: `rediss://${LOGIN.name}@127.0.0.1:${redis.server.port}`, password: secret, tls: login },
      ],
      checkpoint: { interval: '100ms', path: `state/${name}.json` },
      admin: { port: 0, token: TOKEN },
      log: { level: 'debug' },
      ...more,
    };
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  };

  const withKafka = (name: string): string =>
    configFor(name, {
      transport: {
        kind: 'kafka',
        brokers: kafka.brokers,
        partitions: 3,
        replication_factor: 1,
        tls: { ca: tls.certificates.ca },
        sasl: { mechanism: 'scram-sha-512', username: LOGIN.name, password: '${file:password}' },
      },
      checkpoint: { store: 'kafka', interval: '100ms' },
    });

  const start = (command: string, file: string): SluiceProcess => {
    const daemon = new SluiceProcess({ args: [command, '--config', file] });
    onTestFinished(() => daemon.stop('SIGKILL').then(() => undefined));
    return daemon;
  };

  const invalidates = async (): Promise<void> => {
    await redis.app.set('product:1', 'old');
    await mysql.pool.query('UPDATE shop.products SET stock = stock + 1 WHERE id = 1');
    const [rows] = await mysql.pool.query('SELECT stock FROM shop.products WHERE id = 1');
    const stock = (rows as { stock: number }[])[0]?.stock;
    await vi.waitFor(async () => expect(await redis.app.get('product:1')).toBeNull(), WAIT);
    await vi.waitFor(async () => expect(await redis.app.get('card:1')).toContain(`"stock":${stock}`), WAIT);
  };

  it('`sluice run` works with exactly the documented rights, and reloads for whoever has the token', async () => {
    await grantExactly();
    const daemon = start('run', configFor(`run-${flavour}`));
    await daemon.ready();
    await invalidates();
    const reload = `${await daemon.admin()}/v1/rules/reload`;
    expect((await fetch(reload, { method: 'POST' })).status).toBe(401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await fetch(reload, { method: 'POST', headers })).status).toBe(200);
    expect(daemon.stderr).not.toContain(LOGIN.password);
    expect(daemon.stderr).not.toContain(TOKEN);
  }, 120_000);

  it('`sluice capture` and `sluice apply` work over TLS and SCRAM', async () => {
    await grantExactly();
    const file = withKafka(`kafka-${flavour}`);
    const capture = start('capture', file);
    await capture.ready();
    const apply = start('apply', file);
    await apply.ready();
    await invalidates();
    for (const daemon of [capture, apply]) expect(daemon.stderr).not.toContain(LOGIN.password);
  }, 120_000);

  it.each([...REPLICATION[flavour], 'SELECT'])(
    'without %s `sluice check --live` names it and how to grant it',
    async (right) => {
      await grantExactly([right]);
      const check = new SluiceProcess({ args: ['check', '--config', configFor(`check-${flavour}`), '--live'] });
      expect(await check.exited).toMatchObject({ code: 2 });
      const expected =
        right === 'SELECT'
          ? /SELECT command denied|give the account SELECT/
          : new RegExp(`the account 'sluice' lacks ${right}[^]*GRANT ${right} ON \\*\\.\\* TO 'sluice'@`);
      expect(check.stderr).toMatch(expected);
      await grantExactly();
      const again = new SluiceProcess({ args: ['check', '--config', configFor(`check-${flavour}`), '--live'] });
      expect(await again.exited, again.stderr).toMatchObject({ code: 0 });
    },
    60_000,
  );

  it('a replication user needs no right on any table for rules that only delete', async () => {
    await grantExactly(['SELECT']);
    writeFileSync(join(folder, 'deletes.yaml'), JSON.stringify({ rules: RULES.rules.slice(0, 1) }));
    const daemon = start('run', configFor(`deletes-${flavour}`, { rules: 'deletes.yaml' }));
    await daemon.ready();
    await redis.app.set('product:1', 'old');
    await mysql.pool.query('UPDATE shop.products SET stock = stock + 1 WHERE id = 1');
    await vi.waitFor(async () => expect(await redis.app.get('product:1')).toBeNull(), WAIT);
  }, 120_000);
});
