import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ThrowawayKafka } from '../../../deploy/local/services.ts';
import { SluiceProcess } from '../../../deploy/local/sluice-process.ts';
import { Topic } from '../../support/topic.ts';
import { LOGIN, openKafka, openMysql, openRedis, tlsFolder, type TlsFolder } from './tls-servers.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const TOKEN = 'admin-token-that-nobody-sees';
const WRONG = 'w/r:o@n%g?word';
const CHECKPOINT_PASSWORD = 'c/h:e@c%k?word';
const SECRETS = [LOGIN.password, WRONG, CHECKPOINT_PASSWORD, TOKEN];

/** A text in base64 does not begin at a boundary of three bytes: what stays the same, wherever it stands in what was encoded. */
function inBase64(secret: string): string[] {
  return [0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${secret}`)
      .toString('base64')
      .slice(before === 0 ? 0 : 4, -4),
  );
}

/** As it is, in a URL, in JSON, in base64, in hexadecimal. */
const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  encodeURI(secret),
  JSON.stringify(secret).slice(1, -1),
  ...inBase64(secret),
  Buffer.from(secret).toString('hex'),
];

function expectNoSecret(where: string, text: string): void {
  const found = SECRETS.flatMap(formsOf).filter((form) => text.includes(form));
  expect(found, `${where} shows a secret`).toEqual([]);
}

it.each(SECRETS)('the search finds %s where it is shown', (secret) => {
  const shown = [secret, encodeURIComponent(secret), JSON.stringify({ password: secret })];
  const encoded = [0, 1, 2].map((before) => Buffer.from(`${'u'.repeat(before)}:${secret}@`).toString('base64'));
  for (const form of [...shown, ...encoded, Buffer.from(`:${secret}`).toString('hex')]) {
    expect(() => expectNoSecret('a log', `{"msg":"connecting to ${form}"}`), form).toThrow('shows a secret');
  }
});

describe('secrets', () => {
  let tls: TlsFolder;
  let mysql: Awaited<ReturnType<typeof openMysql>>;
  let redis: Awaited<ReturnType<typeof openRedis>>;
  let kafka: ThrowawayKafka;
  let folder: string;
  beforeAll(async () => {
    tls = await tlsFolder();
    folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
    [mysql, redis, kafka] = await Promise.all([
      openMysql(tls.certificates, 'mysql'),
      openRedis(tls.certificates),
      openKafka(tls.certificates),
    ]);
    await mysql.pool.query('ALTER TABLE shop.products ADD note INT');
    const query = 'SELECT id, stock FROM shop.products WHERE id = :id';
    const action = { refresh: { query, ttl: '10m' } };
    const rules = [
      { name: 'product', table: 'shop.products', keys: ['product:{id}'], action: 'delete' },
      { name: 'card', table: 'shop.products', keys: ['card:{id}'], action },
      // There is no sum with NULL: such rows become dead letters.
      { name: 'note', table: 'shop.products', when: 'after.note + 1 > 5', keys: ['note:{id}'], action: 'delete' },
    ];
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ rules }));
    writeFileSync(join(folder, 'token'), TOKEN);
  });
  afterAll(async () => {
    await Promise.all([mysql.close(), redis.close(), kafka.remove()]);
    tls.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Given {
    readonly password: string;
    /** Nothing listens on any of the ports. */
    readonly unreachable?: boolean;
    readonly transport: 'in_process' | 'kafka';
  }

  /** Secrets in options, in URLs, in a file; every option that takes one has one. */
  function configFor(name: string, { password, unreachable = false, transport }: Given): string {
    const port = (right: number): number => (unreachable ? 1 : right);
    const ca = { ca: tls.certificates.ca };
    const encoded = encodeURIComponent(password);
    const mysqlPort = port(mysql.server.port);
    const redisPort = port(redis.server.port);
    const config = {
      name,
      rules: 'rules.yaml',
      source: { url: `mysql://${LOGIN.name}:${encoded}@127.0.0.1:${mysqlPort}`, tls: ca, connect_timeout: '2s' },
      read: { host: '127.0.0.1', port: mysqlPort, user: LOGIN.name, password, tls: ca },
      targets: [
        { name: 'main', url: `rediss://${LOGIN.name}@127.0.0.1:${redisPort}`, password, tls: ca },
        { name: 'other', url: `rediss://${LOGIN.name}:${encoded}@127.0.0.1:${redisPort}/1`, tls: ca },
      ],
      checkpoint: { interval: '100ms' },
      dead_letters: transport === 'kafka' ? {} : { path: `${name}-dead.jsonl` },
      ...(transport === 'kafka'
        ? {
            transport: {
              kind: 'kafka',
              brokers: [`127.0.0.1:${port(kafka.port)}`],
              partitions: 3,
              replication_factor: 1,
              tls: ca,
              sasl: { mechanism: 'plain', username: LOGIN.name, password },
            },
          }
        : { audit: { path: `${name}-audit.jsonl` } }),
      admin: { port: 0, token: '${file:token}' },
      log: { level: 'debug' },
    };
    const file = join(folder, `${name}.secret.yaml`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  const outputOf = (daemon: SluiceProcess): string => `${daemon.stdout}\n${daemon.stderr}`;

  /** Ends by itself, or has said enough. */
  async function run(args: readonly string[], until: RegExp = /never said/): Promise<string> {
    const daemon = new SluiceProcess({ args });
    const over = daemon.exited.then(() => true);
    const spoken = async (): Promise<boolean> => {
      for (const end = Date.now() + 20_000; Date.now() < end && !until.test(outputOf(daemon));)
        await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    };
    if (!(await Promise.race([over, spoken()]))) await daemon.stop('SIGTERM');
    expect(outputOf(daemon).trim()).not.toBe('');
    expectNoSecret(args.join(' '), outputOf(daemon));
    return outputOf(daemon);
  }

  /** Everything a daemon wrote into its folder, but for the configurations. */
  function expectCleanFiles(): void {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.endsWith('.secret.yaml') && name !== 'token')
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());
    for (const path of files) expectNoSecret(path, readFileSync(path, 'utf8'));
  }

  async function expectCleanAdmin(daemon: SluiceProcess): Promise<void> {
    const url = await daemon.admin();
    const headers = { authorization: `Bearer ${WRONG}` };
    const asked = [
      ...['/livez', '/readyz', '/metrics', '/v1/rules', '/nothing'].map((route) => fetch(url + route)),
      fetch(`${url}/v1/rules/reload`, { method: 'POST' }),
      fetch(`${url}/v1/rules/reload`, { method: 'POST', headers }),
      fetch(`${url}/v1/rules/reload`, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } }),
      fetch(`${url}/${encodeURIComponent(TOKEN)}`),
    ];
    for (const response of await Promise.all(asked.slice(0, -1))) {
      expectNoSecret(response.url, `${await response.text()}${JSON.stringify([...response.headers])}`);
    }
  }

  const refusedLogins = async (): Promise<number> => {
    const [rows] = await mysql.pool.query("SHOW GLOBAL STATUS LIKE 'Aborted_connects'");
    return Number((rows as { Value: string }[])[0]?.Value);
  };
  const write = (): Promise<unknown> => mysql.pool.query('UPDATE shop.products SET stock = stock + 1 WHERE id = 1');

  it('that are right are shown nowhere: not by `sluice run`, also not when they become wrong while it runs', async () => {
    const file = configFor('right', { password: LOGIN.password, transport: 'in_process' });
    const daemon = new SluiceProcess({ args: ['run', '--config', file] });
    try {
      await daemon.ready();
      await write();
      await vi.waitFor(
        async () => expect(await daemon.metric('sluice_unmapped_changes_total')).toBeGreaterThan(0),
        WAIT,
      );
      await expectCleanAdmin(daemon);
      const refused = await refusedLogins();
      await mysql.pool.query('ALTER USER ?@? IDENTIFIED BY ?', [LOGIN.name, '%', 'another']);
      await redis.app.acl('SETUSER', LOGIN.name, 'resetpass', '>another');
      const [threads] = await mysql.pool.query('SELECT id FROM information_schema.processlist WHERE user = ?', [
        LOGIN.name,
      ]);
      for (const { id } of threads as { id: number }[]) await mysql.pool.query(`KILL ${id}`).catch(() => undefined);
      await redis.app.client('KILL', 'USER', LOGIN.name);
      await write();
      // Whoever it is that tries first: the server has refused a login.
      await vi.waitFor(async () => expect(await refusedLogins()).toBeGreaterThan(refused), WAIT);
      await vi.waitFor(() => expect(daemon.stderr).toMatch(/WRONGPASS|invalid password/i), WAIT);
      await expectCleanAdmin(daemon);
    } finally {
      await mysql.pool.query('ALTER USER ?@? IDENTIFIED BY ?', [LOGIN.name, '%', LOGIN.password]);
      await redis.app.acl('SETUSER', LOGIN.name, 'resetpass', `>${LOGIN.password}`);
      await daemon.stop('SIGTERM');
    }
    expectNoSecret('sluice run', outputOf(daemon));
    expectCleanFiles();
  }, 180_000);

  it('that are right are shown nowhere: not by capture, apply and tail, and not in the topics', async () => {
    const file = configFor('kafka', { password: LOGIN.password, transport: 'kafka' });
    const capture = new SluiceProcess({ args: ['capture', '--config', file] });
    await capture.ready();
    const apply = new SluiceProcess({ args: ['apply', '--config', file] });
    await apply.ready();
    await write();
    await vi.waitFor(
      async () => expect(await capture.metric('sluice_unmapped_changes_total')).toBeGreaterThan(0),
      WAIT,
    );
    await vi.waitFor(async () => expect(await apply.metric('sluice_invalidations_total')).toBeGreaterThan(0), WAIT);
    for (const daemon of [capture, apply]) await expectCleanAdmin(daemon);
    await run(['tail', '--config', file, '--since', '1h'], /product:1/);
    for (const daemon of [capture, apply]) {
      await daemon.stop('SIGTERM');
      expectNoSecret('a daemon', outputOf(daemon));
    }
    for (const name of ['sluice.kafka', 'sluice.kafka.dead-letters']) {
      const lines = await new Topic({ brokers: kafka.openBrokers, name }).kcat('%k %s');
      expect(lines.length).toBeGreaterThan(0);
      expectNoSecret(name, lines.join('\n'));
    }
    expectCleanFiles();
  }, 180_000);

  it.each([
    ['that are right', { password: LOGIN.password }],
    ['that are wrong', { password: WRONG }],
    ['of servers that do not answer', { password: LOGIN.password, unreachable: true }],
  ])(
    '%s are shown by no command',
    async (_, given) => {
      const inProcess = configFor('commands', { ...given, transport: 'in_process' });
      const kafkaFile = configFor('commands-kafka', { ...given, transport: 'kafka' });
      await run(['check', '--config', inProcess]);
      for (const file of [inProcess, kafkaFile]) await run(['check', '--config', file, '--live']);
      await run(['explain', '--config', inProcess, '--since', '1h']);
      await run(['dead-letters', 'list', '--config', inProcess]);
      await run(['dead-letters', 'list', '--config', kafkaFile]);
      if (given.password === WRONG || 'unreachable' in given) {
        await run(['run', '--config', inProcess], /retry|again/);
        await run(['capture', '--config', kafkaFile], /retry|again/);
        await run(['apply', '--config', kafkaFile], /retry|again/);
        await run(['tail', '--config', kafkaFile], /retry|again/);
      }
      expectCleanFiles();
    },
    240_000,
  );
});
