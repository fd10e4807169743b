import { createConnection } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../deploy/local/services.ts';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { Shop } from '../support/shop-fixture.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

describe('what is refused', () => {
  it('lists six different mistakes of a configuration, each located, with exit code 2', async () => {
    const shop = await Shop.open();
    shop.write(
      'wrong.yaml',
      `name: shop
rules: rules.yaml
source:
  url: mysql://sluice:\${NO_SUCH_VARIABLE}@127.0.0.1:3306
  heartbeet: 5s
targets:
  - name: main
    url: http://127.0.0.1:6379
  - name: main
    url: redis://127.0.0.1:6380
transport:
  kind: in_process
  partitions: many
admin:
  port: 70000
`,
    );
    const check = new SluiceProcess({ args: ['check', '--config', shop.path('wrong.yaml')] });
    expect(await check.exited).toEqual({ code: 2, signal: null });
    const located = check.stderr.split('\n').filter((line) => line.includes('wrong.yaml:'));
    expect(located.map((line) => /wrong\.yaml:(\d+):\d+: /.exec(line)?.[1])).toEqual(
      expect.arrayContaining(['4', '5', '8', '9', '13', '15']),
    );
    expect(located).toHaveLength(6);
    expect(check.stderr).toContain('Did you mean `heartbeat`?');
    expect(check.stderr).toContain('6 problems; nothing was touched.');
  });

  it('finds wrong rules with their place', async () => {
    const shop = await Shop.open({
      rules: { rules: [{ name: 'a', table: 'shop.products', keys: ['product:{id'], action: 'delete' }] },
    });
    const check = shop.start('check');
    expect(await check.exited).toEqual({ code: 2, signal: null });
    expect(check.stderr).toMatch(/rules\.yaml:\d+:\d+: /);
  });

  it('names metadata, format and privilege of a server that has all three wrong', async () => {
    const server = await startMysql({ flags: ['--binlog-row-metadata=MINIMAL', '--binlog-format=STATEMENT'] });
    onTestFinished(() => server.remove());
    const root = await createConnection(server.url);
    await root.query(`CREATE USER 'poor'@'%' IDENTIFIED BY 'secret-word'`);
    await root.query(`GRANT SELECT, REPLICATION CLIENT ON *.* TO 'poor'@'%'`);
    await root.end();
    const shop = await Shop.open({
      config: { source: { url: server.url.replace('root:sluice', 'poor:secret-word') } },
    });
    const daemon = shop.start('run');
    expect(await daemon.exited).toEqual({ code: 2, signal: null });
    expect(daemon.stderr).toContain('binlog_row_metadata');
    expect(daemon.stderr).toContain('binlog_format');
    expect(daemon.stderr).toContain('REPLICATION SLAVE');
    expect(daemon.stderr).not.toContain('secret-word');
  });

  it('finds unknown tables and columns, a wrong password and a bad address in one live check', async () => {
    const shop = await Shop.open();
    shop.write('rules.yaml', {
      rules: [
        { name: 'a', table: `${shop.database}.prodcts`, keys: ['a:{id}'], action: 'delete' },
        { name: 'b', table: shop.table, keys: ['b:{idd}'], action: 'delete' },
        {
          name: 'c',
          table: shop.table,
          keys: ['c:{id}'],
          action: { refresh: { query: `SELECT nothing FROM ${shop.table} WHERE id = :id`, ttl: '1m' } },
        },
      ],
    });
    const check = shop.start('check', '--live');
    expect(await check.exited).toEqual({ code: 2, signal: null });
    expect(check.stderr).toMatch(/rules\.yaml:\d+:\d+: .*prodcts/);
    expect(check.stderr).toMatch(/rules\.yaml:\d+:\d+: .*`idd`/);
    const queryLine = (shop.read('rules.yaml').split('"query"')[0] ?? '').split('\n').length;
    expect(check.stderr).toMatch(new RegExp(`rules\\.yaml:${queryLine}:\\d+: rule \`c\`: .*nothing`));

    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      source: { url: shop.mysqlUrl.replace(':sluice@', ':wrong-password@') },
      targets: [{ name: 'main', url: 'redis://127.0.0.1:1' }],
    });
    const refused = shop.start('run');
    expect(await refused.exited).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toMatch(/denied|password/i);
    expect(refused.stderr).toContain('127.0.0.1:1');
    expect(refused.stderr).not.toContain('wrong-password');
  });

  it('names the place of a wrong address once, also when the server is asked for a refresh query too', async () => {
    const shop = await Shop.open();
    const query = `SELECT id, name FROM ${shop.table} WHERE id = :id`;
    shop.write('rules.yaml', {
      rules: [{ name: 'a', table: shop.table, keys: ['a:{id}'], action: { refresh: { query, ttl: '1m' } } }],
    });
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), source: { url: 'mysql://u:p@127.0.0.1:1' } });
    const check = shop.start('check', '--live');
    expect(await check.exited).toEqual({ code: 2, signal: null });
    expect(check.stderr).toMatch(/sluice\.yaml:\d+:\d+: cannot use the source 127\.0\.0\.1:1 as 'u'/);
    expect(check.stderr).toContain('1 problem;');

    shop.write('sluice.yaml', { ...shop.defaultConfig({}), read: { url: 'mysql://u:p@127.0.0.1:1' } });
    const refused = shop.start('run');
    expect(await refused.exited).toEqual({ code: 2, signal: null });
    const readLine = (shop.read('sluice.yaml').split('"read"')[0] ?? '').split('\n').length;
    expect(refused.stderr).toMatch(/sluice\.yaml:\d+:\d+: cannot use the server for refresh queries 127\.0\.0\.1:1/);
    expect(Number(/sluice\.yaml:(\d+):/.exec(refused.stderr)?.[1]) - readLine).toBeLessThanOrEqual(1);
    expect(refused.stderr).toContain('read.host');
  });

  it('ends by the signal at once while it still looks at servers that do not answer', async () => {
    const shop = await Shop.open();
    const { hostname, port } = new URL(shop.mysqlUrl);
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    proxy.stall();
    const url = shop.mysqlUrl.replace(/@.*$/, `@127.0.0.1:${proxy.port}`);
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), source: { url } });
    const daemon = shop.start('run');
    await vi.waitFor(() => expect(proxy.accepted).toBeGreaterThan(0), { timeout: 20_000 });
    const begun = Date.now();
    expect(await daemon.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(Date.now() - begun).toBeLessThan(4_000);
  });

  it('waits for its only target when it was started before', async () => {
    const shop = await Shop.open();
    const { hostname, port } = new URL(shop.addresses.redis.url);
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    const targets = [{ name: 'main', url: `redis://127.0.0.1:${proxy.port}` }];
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), targets });
    await shop.insertProducts(1);
    const first = await shop.ready('run');
    expect((await first.stop()).signal).toBe('SIGTERM');

    proxy.refuse();
    await shop.redis.set(`${shop.prefix}product:1`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    const again = shop.start('run');
    const readiness = `${await again.admin()}/readyz`;
    await vi.waitFor(async () => expect(await (await fetch(readiness)).text()).toContain('main: the target'), {
      timeout: 10_000,
    });
    expect(again.stderr).toContain('does not answer');
    proxy.heal();
    await again.ready();
    await vi.waitFor(async () => expect(await shop.redis.exists(`${shop.prefix}product:1`)).toBe(0), {
      timeout: 30_000,
    });
  });

  it('works off what was logged before a column was renamed, and refuses the old rules at a first start', async () => {
    const shop = await Shop.open();
    await shop.insertProducts(1);
    const first = await shop.ready('run');
    expect((await first.stop()).signal).toBe('SIGTERM');

    const list = `${shop.prefix}category:5:products`;
    await shop.redis.set(list, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET category_id = 6`);
    await shop.mysql.query(`ALTER TABLE ${shop.table} RENAME COLUMN category_id TO section_id`);
    const again = await shop.ready('run');
    await vi.waitFor(async () => expect(await shop.redis.exists(list)).toBe(0), { timeout: 30_000 });
    expect(again.stderr).toContain('there is no column `category_id`');

    const check = shop.start('check', '--live');
    expect(await check.exited).toEqual({ code: 2, signal: null });
    expect(check.stderr).toMatch(/rules\.yaml:\d+:\d+: .*there is no column `category_id`/);
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), checkpoint: { path: 'another.json' } });
    expect(await shop.start('run').exited).toEqual({ code: 2, signal: null });
  });

  it('starts a capture with its checkpoint in Kafka again after a column was renamed', async () => {
    const shop = await Shop.open({ kafka: true });
    await shop.insertProducts(1);
    const first = await shop.ready('capture');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    await vi.waitFor(async () => expect(await first.metric('sluice_checkpoint_saves_total')).toBeGreaterThan(0), {
      timeout: 30_000,
    });
    expect((await first.stop()).signal).toBe('SIGTERM');
    await shop.mysql.query(`ALTER TABLE ${shop.table} RENAME COLUMN category_id TO section_id`);
    const again = await shop.ready('capture');
    expect(again.stderr).toContain('there is no column `category_id`');
  });

  it('says that the topic to tail does not exist', async () => {
    const shop = await Shop.open({ kafka: true });
    const tail = shop.start('tail');
    expect(await tail.exited).toEqual({ code: 2, signal: null });
    expect(tail.stderr).toMatch(new RegExp(`sluice\\.yaml:\\d+:\\d+: topic ${shop.topic} does not exist`));
  });

  it('logs as JSON what a library prints: a password that Redis did not ask for', async () => {
    const shop = await Shop.open();
    const { host } = new URL(shop.addresses.redis.url);
    const targets = [{ name: 'main', url: `redis://:unasked-word@${host}` }];
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), targets });
    const daemon = await shop.ready('run');
    const lines = daemon.stderr.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
    expect(daemon.stderr).toContain('does not require a password');
    expect(daemon.stderr).not.toContain('unasked-word');
  });

  it('logs an address of IPv6 as a URL', async () => {
    const shop = await Shop.open({ config: { admin: { host: '::1', port: 0 } } });
    const daemon = await shop.ready('run');
    expect(await daemon.admin()).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });

  it('refuses a command that does not fit the transport, at its place', async () => {
    const shop = await Shop.open();
    const capture = shop.start('capture');
    expect(await capture.exited).toEqual({ code: 2, signal: null });
    expect(capture.stderr).toMatch(/sluice\.yaml:\d+:\d+: `sluice capture` works with `transport.kind: kafka` only/);
  });

  it('waits for a target that does not answer when another one does, and refuses it when it is alone', async () => {
    const shop = await Shop.open();
    const dead = { name: 'dead', url: 'redis://127.0.0.1:1' };
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), targets: [dead] });
    expect(await shop.start('run').exited).toEqual({ code: 2, signal: null });
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      targets: [{ name: 'main', url: shop.addresses.redis.url }, dead],
    });
    await shop.insertProducts(1);
    const daemon = shop.start('run');
    await vi.waitFor(async () => expect(await daemon.metric('sluice_source_connected')).toBe(1), { timeout: 30_000 });
    await shop.redis.set(`${shop.prefix}product:1`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    await vi.waitFor(async () => expect(await shop.redis.exists(`${shop.prefix}product:1`)).toBe(0), {
      timeout: 30_000,
    });
    expect(await (await fetch(`${await daemon.admin()}/readyz`)).text()).toContain('dead: the target does not answer');
  });

  it('says ok and exits 0 when everything is as it should be', async () => {
    const shop = await Shop.open();
    const check = shop.start('check', '--live');
    expect(await check.exited).toEqual({ code: 0, signal: null });
    expect(check.stdout).toMatch(/^ok: /);
  });
});
