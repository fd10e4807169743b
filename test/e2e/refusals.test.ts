import { createConnection } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../deploy/local/services.ts';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { Shop } from '../support/shop-fixture.ts';

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
    expect(check.stderr).toContain('nothing');

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
