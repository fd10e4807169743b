import { createPool } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import { unsuitableColumns } from '../../../src/rules/check/check-columns.ts';
import { tableWarnings } from '../../../src/rules/check/table-warnings.ts';
import { formatProblem } from '../../../src/runtime/errors.ts';
import { preflightQueries } from '../../../src/source/preflight-queries.ts';
import { preflightSource } from '../../../src/source/preflight.ts';
import { deriveServerId } from '../../../src/source/server-id.ts';
import { readTables } from '../../../src/source/tables.ts';
import { rulesOf } from '../../support/rules.ts';
import { addressOf, openDatabase, SERVERS, toAddress } from './fixture.ts';

const SERVER_ID = deriveServerId('preflight', 'test');
const check = (address: Awaited<ReturnType<typeof addressOf>>, more: object = {}) =>
  preflightSource({ address, serverId: SERVER_ID, connectTimeoutMs: 5_000, ...more });

describe.each(SERVERS)('on %s', (server) => {
  it('a server set up as documented has no problem, and the replica account has the privileges it needs', async () => {
    const admin = await addressOf(server);
    const address = { ...admin, user: 'sluice', password: 'sluice' };
    const { pool, database } = await openDatabase(admin);
    await pool.query('CREATE TABLE t (id INT)');
    expect(await check(address, { readTables: [{ database, name: 't' }] })).toEqual([]);
  });

  it('an account without privileges lacks each of them by name', async () => {
    const admin = await addressOf(server);
    const { pool, database } = await openDatabase(admin);
    await pool.query('CREATE TABLE t (id INT)');
    const user = `u_${database.slice(-20)}`;
    await pool.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    onTestFinished(() => pool.query(`DROP USER '${user}'@'%'`).then(() => undefined));
    const problems = await check({ ...admin, user, password: 'x' }, { readTables: [{ database, name: 't' }] });
    const monitor = server === 'mariadb' ? 'BINLOG MONITOR' : 'REPLICATION CLIENT';
    expect(problems.map(({ remedy }) => remedy)).toEqual([
      `GRANT REPLICATION SLAVE ON *.* TO '${user}'@'…';`,
      `GRANT ${monitor} ON *.* TO '${user}'@'…';`,
      `GRANT SELECT ON \`${database}\`.\`t\` TO '${user}'@'…';`,
    ]);
  });

  it('a default database that the account may not use is one problem among the others', async () => {
    const admin = await addressOf(server);
    const { pool, database } = await openDatabase(admin);
    const user = `u_${database.slice(-20)}`;
    await pool.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    onTestFinished(() => pool.query(`DROP USER '${user}'@'%'`).then(() => undefined));
    const problems = await check({ ...admin, user, password: 'x', database });
    expect(problems.map(({ remedy }) => remedy)).toEqual([
      `GRANT SELECT ON \`${database}\`.* TO '${user}'@'…';`,
      expect.stringContaining('GRANT REPLICATION SLAVE'),
      expect.stringMatching(/GRANT (REPLICATION CLIENT|BINLOG MONITOR)/),
    ]);
    const unknown = await check({ ...admin, database: 'no_such_database' });
    expect(unknown.map(({ message }) => message)).toEqual(['the database `no_such_database` does not exist']);
  });

  it('privileges that come with a role count', async () => {
    const admin = await addressOf(server);
    const { pool, database } = await openDatabase(admin);
    const user = `u_${database.slice(-20)}`;
    const role = `r_${database.slice(-20)}`;
    const on = server === 'mariadb' ? role : `'${role}'`;
    await pool.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    await pool.query(`CREATE ROLE ${on}`);
    onTestFinished(() => pool.query(`DROP ROLE ${on}; DROP USER '${user}'@'%'`).then(() => undefined));
    await pool.query(`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${on}`);
    await pool.query(`GRANT ${on} TO '${user}'@'%'`);
    await pool.query(
      server === 'mariadb' ? `SET DEFAULT ROLE ${on} FOR '${user}'@'%'` : `SET DEFAULT ROLE ${on} TO '${user}'@'%'`,
    );
    expect(await check({ ...admin, user, password: 'x' })).toEqual([]);
  });
});

it('all problems of a server come at once, each with its remedy', async () => {
  const flags = [
    '--binlog-row-metadata=MINIMAL',
    '--binlog-format=STATEMENT',
    '--binlog-row-image=MINIMAL',
    '--binlog-expire-logs-seconds=3600',
    `--server-id=${SERVER_ID}`,
  ];
  const server = await startMysql({ flags });
  onTestFinished(() => server.remove());
  const root = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const pool = createPool({ uri: server.url });
  await pool.query("CREATE USER poor@'%' IDENTIFIED BY 'x'");
  await pool.query("GRANT REPLICATION CLIENT, SELECT ON *.* TO poor@'%'");
  await pool.query('CREATE DATABASE d');
  await pool.end();
  const problems = await check({ ...root, user: 'poor', password: 'x' });
  expect(problems.map(formatProblem).join('\n')).toMatch(
    new RegExp(
      [
        `source.server_id is ${SERVER_ID}, which is the id of the source`,
        'binlog_format of the source is STATEMENT[^]*SET GLOBAL binlog_format = ROW',
        'binlog_row_image of the source is MINIMAL[^]*SET GLOBAL binlog_row_image = FULL',
        'binlog_row_metadata of the source is MINIMAL[^]*SET GLOBAL binlog_row_metadata = FULL',
        'binlog_expire_logs_seconds of the source is 3600',
        "the account 'poor' lacks REPLICATION SLAVE[^]*GRANT REPLICATION SLAVE",
      ].join('[^]*'),
    ),
  );
  expect(problems).toHaveLength(6);
});

it('a server without a binary log says so', async () => {
  const server = await startMysql({ flags: ['--skip-log-bin', '--gtid-mode=OFF'] });
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  expect((await check(address)).map(({ message }) => message)).toEqual([
    'log_bin of the source is OFF: without a binary log there is nothing to follow',
  ]);
});

describe('a server that cannot be used is named with host, port and user, never with the password', () => {
  it.each([
    ['a wrong password', { password: 'top-secret' }, /ER_ACCESS_DENIED_ERROR/],
    ['an unknown user', { user: 'nobody', password: 'top-secret' }, /ER_ACCESS_DENIED_ERROR/],
    ['a closed port', { port: 1, password: 'top-secret' }, /ECONNREFUSED/],
    ['a host that does not exist', { host: 'no-such-host.invalid', password: 'top-secret' }, /ENOTFOUND|EAI_AGAIN/],
  ])('%s', async (_, change, reason) => {
    const address = { ...(await addressOf('mysql')), ...change };
    const problems = await check(address);
    expect(problems).toHaveLength(1);
    const text = problems.map(formatProblem).join();
    expect(text).toMatch(reason);
    expect(text).toContain(`${address.host}:${address.port} as '${address.user}'`);
    expect(text).not.toContain('top-secret');
  });
});

it('encrypts the connection when asked to', async () => {
  const address = { ...(await addressOf('mysql')), user: 'sluice', password: 'sluice' };
  const tls = { ca: null, cert: null, key: null, verify: false };
  expect(await check({ ...address, tls })).toEqual([]);
  // The server's own certificate is signed by nobody we trust.
  const [problem] = await check({ ...address, tls: { ...tls, verify: true } });
  expect(problem?.message).toMatch(/SELF_SIGNED|certificate/i);
});

it('lists tables and columns as they are now, without those of the server itself', async () => {
  const address = await addressOf('mysql');
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE b (z INT NOT NULL UNIQUE, a INT); CREATE VIEW v AS SELECT 1');
  await pool.query(
    `CREATE TABLE a (id INT UNSIGNED, Name VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, price DECIMAL(10,2), PRIMARY KEY (Name, id))`,
  );
  const tables = await readTables(address, 5_000);
  const column = (name: string, columnType: string, nullable: boolean, collation: string | null = null) => ({
    name,
    dataType: columnType.replace(/[ (].*/, ''),
    columnType,
    nullable,
    collation,
  });
  expect(tables.filter((table) => table.database === database)).toEqual([
    {
      database,
      name: 'a',
      columns: [
        column('id', 'int unsigned', false),
        column('Name', 'varchar(20)', false, 'utf8mb4_bin'),
        column('price', 'decimal(10,2)', true),
      ],
      primaryKey: ['Name', 'id'],
      isSystemVersioned: false,
    },
    // A unique index is no primary key, although the server calls its column PRI.
    {
      database,
      name: 'b',
      columns: [column('z', 'int', false), column('a', 'int', true)],
      primaryKey: [],
      isSystemVersioned: false,
    },
  ]);
  expect(tables.some((table) => table.database === 'mysql')).toBe(false);
});

describe('the preflight of refresh queries', () => {
  it('goes on after a database the account may not use, and lets each query have its own default', async () => {
    const admin = await addressOf('mysql');
    const { pool, database } = await openDatabase(admin);
    await pool.query('CREATE TABLE t (id INT)');
    const user = `u_${database.slice(-20)}`;
    await pool.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    onTestFinished(() => pool.query(`DROP USER '${user}'@'%'`).then(() => undefined));
    await pool.query(`GRANT SELECT ON \`${database}\`.* TO '${user}'@'%'`);
    const problems = await preflightQueries({
      address: { ...admin, user, password: 'x', database: 'mysql' },
      section: 'read',
      timeoutMs: 5_000,
      queries: [
        { rule: 'elsewhere', sql: 'SELECT 1', database: 'mysql' },
        { rule: 'right', sql: 'SELECT id FROM t', database },
        { rule: 'many', sql: 'SELECT id FROM not_known_yet', database: null },
        { rule: 'wrong', sql: 'SELECT nothing FROM t', database },
      ],
    });
    expect(problems.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      expect.stringMatching(/^undefined: the account .* may not use the database `mysql`/),
      expect.stringMatching(/^elsewhere: .*Access denied/),
      expect.stringMatching(/^wrong: .*nothing/),
    ]);
  });

  it.each(['mysql', 'mariadb'] as const)(
    'looks at a lookup as it will be run, and at what it finds, on %s',
    async (server) => {
      const address = await addressOf(server);
      const { pool, database } = await openDatabase(address);
      await pool.query('CREATE TABLE t (id INT, customer_id INT)');
      const lookup = (rule: string, sql: string, ...columns: readonly string[]) => ({
        rule,
        sql,
        database,
        lookup: { columns },
      });
      const problems = await preflightQueries({
        address,
        section: 'read',
        timeoutMs: 5_000,
        queries: [
          lookup('right', 'SELECT customer_id, id AS `odd name` FROM t WHERE id = ? -- why', 'customer_id', 'odd name'),
          lookup('typo', 'SELECT customer_id FROM t WHERE id = ?', 'customer_id', 'custmer_id'),
          lookup('none', 'SELECT customer_id FROM t WHERE id = ?', 'x'),
          lookup('twice', 'SELECT a.id, b.id FROM t a, t b WHERE a.id = ?', 'id'),
          lookup('wrong', 'SELECT nothing FROM t WHERE id = ?', 'nothing'),
        ],
      });
      expect(problems.map(({ message, remedy }) => `${message} / ${remedy}`)).toEqual([
        'rule `typo`: the lookup finds no column `custmer_id` / Did you mean `customer_id`?',
        'rule `none`: the lookup finds no column `x` / It finds: customer_id. Give the column that name with AS.',
        expect.stringMatching(/^rule `twice`: .* refuses the query of the lookup: Duplicate column name 'id'/),
        expect.stringMatching(/^rule `wrong`: .* refuses the query of the lookup: .*nothing/),
      ]);
      expect(problems.every(({ ofLookup }) => ofLookup === true)).toBe(true);
    },
  );
});

describe('rules beside the tables of a server', () => {
  it.each(['mysql', 'mariadb'] as const)('fit them or not, on %s', async (server) => {
    const address = await addressOf(server);
    const { pool, database } = await openDatabase(address);
    await pool.query(
      `CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL,
         code VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, maybe INT, at DATETIME NOT NULL, body TEXT NOT NULL, tags JSON NOT NULL,
         part DECIMAL(10,0) NOT NULL, price DECIMAL(10,2) NOT NULL); CREATE TABLE log (id INT)`,
    );
    const tables = await readTables(address, 5_000);
    const check = (key: string, table = 't'): string[] => {
      const ruleSet = rulesOf(
        `rules:\n  - {name: r, table: ${database}.${table}, keys: ['key:${key}'], action: delete}\n`,
      );
      const found = [...unsuitableColumns(ruleSet, tables), ...tableWarnings(ruleSet, tables)];
      return found.map(({ message }) => message.replaceAll(database, 'shop'));
    };
    for (const fine of [
      '{id}',
      '{code}',
      '{name | lower}',
      '{at | date("%Y")}',
      '{part | modulo(4)}',
      '{body | sha1 }',
    ].concat(['{tags[*] | substring(0, 9)}', '{tags | json("$.a") | sha1}', '{maybe | default("0")}'])) {
      expect([fine, check(fine).filter((message) => !message.includes('`body` is compared'))]).toEqual([fine, []]);
    }
    expect(check('{tags[*]}')).toEqual([expect.stringContaining('of any length')]);
    expect(check('{name}')).toEqual([expect.stringContaining('(utf8mb4_general_ci)')]);
    expect(check('{maybe}')).toEqual(['rule `r`: `maybe` may be NULL in shop.t, and such a row gives no key']);
    expect(check('{id | date("%Y")}')).toEqual([expect.stringContaining('`date` reads a DATE, DATETIME or TIMESTAMP')]);
    expect(check('{price | modulo(4)}')).toEqual([expect.stringContaining('`price` is decimal(10,2) in shop.t')]);
    expect(check('{id[*]}')).toEqual([expect.stringContaining('`[*]` reads JSON')]);
    expect(check('{body}')[0]).toContain('could be of any length: it is text in shop.t');
    expect(check('1', 'log')).toEqual(['rule `r`: there is no primary key in shop.log']);
  });
});
