import { describe, expect, it, vi } from 'vitest';
import type { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { ADMIN_TOKEN, Shop } from '../support/shop-fixture.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

/** What of an audit line counts here. */
interface Line {
  readonly key: string;
  readonly version: number;
  readonly rules: string;
  readonly table: string;
  readonly gtid: string;
}

const WRITE_MS = 10_000;
const PER_SECOND = 2_000;
const STEP_MS = 50;
/** Products that exist from the start and are updated in turn; the inserted ones come after them. */
const OLD_PRODUCTS = 100;
/** Many chunks: a transaction that is still being read when the rules behind it are swapped. */
const BULK_ROWS = 4_000;

type SetName = 'a' | 'b';

/** Two sets that share no key; each has two keys for a product and one for a bulk row. */
function rulesOf(shop: Shop, set: SetName): string {
  const products = { table: shop.table, action: 'delete' };
  const bulk = {
    name: 'bulk',
    table: `${shop.database}.bulk`,
    keys: [`${shop.prefix}${set}:bulk:{id}`],
    action: 'delete',
  };
  const rules =
    set === 'a'
      ? [{ ...products, name: 'product', keys: [`${shop.prefix}a:product:{id}`, `${shop.prefix}a:stock:{id}`] }, bulk]
      : [
          { ...products, name: 'product', keys: [`${shop.prefix}b:product:{id}`] },
          { ...products, name: 'card', keys: [`${shop.prefix}b:card:{id}`] },
          bulk,
        ];
  return JSON.stringify({ rules });
}

const productKeys = (shop: Shop, set: SetName, ids: readonly number[]): string[] =>
  ids
    .flatMap((id) => (set === 'a' ? [`a:product:${id}`, `a:stock:${id}`] : [`b:product:${id}`, `b:card:${id}`]))
    .map((key) => shop.prefix + key)
    .sort();

/** Refused by reading it, or only because MySQL has no such column. */
function brokenRules(shop: Shop, kind: number): string {
  const key = kind % 2 === 0 ? 'broken:{id' : 'broken:{no_such_column}';
  return JSON.stringify({
    rules: [{ name: 'product', table: shop.table, keys: [shop.prefix + key], action: 'delete' }],
  });
}

/** The server itself writes: one transaction inserts a product (whose id numbers the transaction) and updates another. */
async function prepareTables(shop: Shop): Promise<void> {
  await shop.insertProducts(OLD_PRODUCTS);
  const { database } = shop;
  await shop.mysql.query(
    `CREATE TABLE ${database}.bulk (id INT PRIMARY KEY, stock INT NOT NULL, note VARCHAR(250) NOT NULL)`,
  );
  const rows = Array.from({ length: BULK_ROWS }, (_, index) => [index + 1, 0, 'x'.repeat(250)]);
  await shop.mysql.query(`INSERT INTO ${database}.bulk VALUES ?`, [rows]);
  await shop.mysql.query(`CREATE PROCEDURE ${database}.write_products(first INT, count INT)
    BEGIN
      DECLARE n INT DEFAULT 0;
      WHILE n < count DO
        START TRANSACTION;
        INSERT INTO ${shop.table} VALUES (first + n, 5, 'name', 0);
        UPDATE ${shop.table} SET stock = first + n WHERE id = 1 + (first + n) % ${OLD_PRODUCTS};
        COMMIT;
        SET n = n + 1;
      END WHILE;
    END`);
}

/** Writes at an even pace; returns how many transactions it was. */
async function writeProducts(shop: Shop): Promise<{ products: number; seconds: number }> {
  const begin = Date.now();
  let products = 0;
  while (Date.now() - begin < WRITE_MS) {
    const due = Math.floor(((Date.now() - begin + STEP_MS) / 1000) * PER_SECOND) - products;
    // Two connections: one alone waits for the disk too often.
    const half = Math.ceil(due / 2);
    const first = OLD_PRODUCTS + 1 + products;
    await Promise.all([
      shop.mysql.query(`CALL ${shop.database}.write_products(?, ?)`, [first, half]),
      shop.mysql.query(`CALL ${shop.database}.write_products(?, ?)`, [first + half, due - half]),
    ]);
    products += due;
    const ahead = begin + (products / PER_SECOND) * 1000 - STEP_MS - Date.now();
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  return { products, seconds: (Date.now() - begin) / 1000 };
}

const logged = (daemon: SluiceProcess, message: string): Record<string, unknown>[] =>
  daemon.stderr
    .split('\n')
    .filter((line) => line.includes(`"msg":"${message}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const post = async (daemon: SluiceProcess): Promise<{ status: number; body: Record<string, unknown> }> => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(`${await daemon.admin()}/v1/rules/reload`, { method: 'POST', headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const inForce = async (daemon: SluiceProcess): Promise<string> =>
  ((await (await fetch(`${await daemon.admin()}/v1/rules`)).json()) as { hash: string }).hash;

const reloads = (daemon: SluiceProcess, outcome: string): Promise<number> =>
  daemon.metric('sluice_rule_reloads_total', { outcome });

/**
 * Swaps the sets until the writer has ended, each time by another trigger, with a broken file before each, and while a
 * transaction of many chunks is under way.
 */
async function reloadAllTheTime(shop: Shop, daemon: SluiceProcess, writing: Promise<unknown>) {
  const hashes = new Map<string, SetName>([[await inForce(daemon), 'a']]);
  let over = false;
  void writing.finally(() => (over = true));
  let swaps = 0;
  for (let set: SetName = 'b'; !over || swaps < 6; set = set === 'a' ? 'b' : 'a', swaps++) {
    const trigger = (['file', 'signal', 'request'] as const)[swaps % 3];
    const before = await inForce(daemon);
    const refused = await reloads(daemon, 'refused');
    shop.write('rules.yaml', brokenRules(shop, swaps));
    if (trigger === 'signal') process.kill(daemon.pid, 'SIGHUP');
    if (trigger === 'request') expect((await post(daemon)).status).toBe(422);
    await vi.waitFor(async () => expect(await reloads(daemon, 'refused')).toBeGreaterThan(refused), 10_000);
    expect(await inForce(daemon)).toBe(before);
    expect(await daemon.metric('sluice_rules_reload_failed')).toBe(1);

    await shop.mysql.query(`UPDATE ${shop.database}.bulk SET stock = stock + 1`);
    shop.write('rules.yaml', rulesOf(shop, set));
    if (trigger === 'signal') process.kill(daemon.pid, 'SIGHUP');
    if (trigger === 'request') expect((await post(daemon)).status).toBe(200);
    await vi.waitFor(async () => expect(await inForce(daemon)).not.toBe(before), 10_000);
    const hash = await inForce(daemon);
    hashes.set(hash, set);
    await vi.waitFor(async () => expect(await daemon.metric('sluice_rules_info', { hash })).toBe(1), 10_000);
    expect(await daemon.metric('sluice_rules_info')).toBe(1);
    expect(await daemon.metric('sluice_rules_reload_failed')).toBe(0);
  }
  return { hashes, swaps };
}

function byTransaction(shop: Shop): Line[][] {
  const groups = new Map<string, Line[]>();
  for (const text of shop.read('audit.jsonl').trimEnd().split('\n')) {
    const line = JSON.parse(text) as Line;
    const group = groups.get(line.gtid);
    if (group === undefined) groups.set(line.gtid, [line]);
    else group.push(line);
  }
  // Commit order, whatever the order in which partitions finished.
  return [...groups.values()].sort((one, other) => (one[0]?.version ?? 0) - (other[0]?.version ?? 0));
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

describe('reloading the rules', () => {
  it('while 2,000 transactions a second flow: each is mapped wholly by one set, and none is lost', async () => {
    const shop = await Shop.open();
    shop.write('rules.yaml', rulesOf(shop, 'a'));
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      source: { url: shop.mysqlUrl, max_chunk_bytes: '16KiB' },
      // The pipeline waits for Redis between chunks: a swap would come in the middle of a transaction if it could.
      transport: { kind: 'in_process', max_in_flight_batches: 1 },
      audit: { path: 'audit.jsonl' },
    });
    await prepareTables(shop);
    const daemon = await shop.ready('run');

    const writing = writeProducts(shop);
    const { hashes, swaps } = await reloadAllTheTime(shop, daemon, writing);
    const { products, seconds } = await writing;
    expect(products / seconds).toBeGreaterThan(PER_SECOND * 0.9);
    expect(hashes.size).toBe(2);
    expect(await reloads(daemon, 'swapped')).toBe(swaps);
    expect(distinct(logged(daemon, 'rules reloaded').map(({ trigger }) => String(trigger)))).toEqual([
      'file',
      'request',
      'signal',
    ]);

    // The last transaction of all ends the waiting: what comes before it in the log has come by then.
    const last = OLD_PRODUCTS + 1 + products;
    await shop.mysql.query(`CALL ${shop.database}.write_products(?, 1)`, [last]);
    await vi.waitFor(() => expect(shop.read('audit.jsonl')).toContain(`:product:${last}"`), 120_000);
    await daemon.stop('SIGTERM');

    const transactions = byTransaction(shop);
    expect(transactions).toHaveLength(products + swaps + 1);
    const seen = new Set<number>();
    const sequence: string[] = [];
    for (const lines of transactions) {
      const used = distinct(lines.map(({ rules }) => rules));
      expect(used).toHaveLength(1);
      const [hash = ''] = used;
      if (sequence.at(-1) !== hash) sequence.push(hash);
      const set = hashes.get(hash) ?? 'a';
      const keys = distinct(lines.map(({ key }) => key));
      if (lines[0]?.table === 'bulk') {
        expect(keys).toHaveLength(BULK_ROWS);
        expect(keys.every((key) => key.startsWith(`${shop.prefix}${set}:bulk:`))).toBe(true);
        continue;
      }
      const id = Math.max(...keys.map((key) => Number(key.slice(key.lastIndexOf(':') + 1))));
      seen.add(id);
      expect(keys).toEqual(distinct(productKeys(shop, set, [id, 1 + (id % OLD_PRODUCTS)])));
    }
    expect(seen.size).toBe(products + 1);
    // Every set that came into force was used, one after the other, and a refused file by nobody.
    expect(sequence.every((hash) => hashes.has(hash))).toBe(true);
    expect(sequence).toHaveLength(swaps + 1);
  });

  it('in captures and workers: a rule that reads a query takes over from one that deletes, and each says what it refuses', async () => {
    const shop = await Shop.open({ kafka: true, config: { reload: { watch: false } } });
    await shop.insertProducts(2);
    const [capture, apply] = await Promise.all([shop.ready('capture'), shop.ready('apply')]);
    const old = await inForce(capture);
    expect(await inForce(apply)).toBe(old);

    const refresh = (query: string): void => {
      const rule = {
        name: 'product',
        table: shop.table,
        keys: [`${shop.prefix}product:{id}`],
        action: { refresh: { query } },
      };
      shop.write('rules.yaml', { rules: [rule] });
    };
    refresh('SELECT id, nothing FROM products WHERE id = :id');
    const refused = await post(apply);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ outcome: 'refused', hash: old });
    const [problem] = refused.body['problems'] as Record<string, unknown>[];
    expect(problem).toMatchObject({ file: shop.path('rules.yaml'), line: expect.any(Number) as number });
    expect(problem?.['message']).toContain("Unknown column 'nothing'");
    const readiness = await fetch(`${await apply.admin()}/readyz`);
    expect([readiness.status, await readiness.text()]).toEqual([200, expect.stringContaining('refused')]);

    const lookup = { query: 'SELECT nobody FROM products WHERE id = :id', tables: [shop.table] };
    const keys = [`${shop.prefix}product:{lookup.nobody}`];
    shop.write('rules.yaml', { rules: [{ name: 'product', table: shop.table, lookup, keys, action: 'delete' }] });
    const unknown = await post(capture);
    expect(unknown.status).toBe(422);
    expect(JSON.stringify(unknown.body)).toContain("Unknown column 'nobody'");

    refresh('SELECT id, stock FROM products WHERE id = :id');
    for (const { pid } of [capture, apply]) process.kill(pid, 'SIGHUP');
    const reloaded = async (): Promise<void> => {
      const hash = await inForce(apply);
      expect(hash).not.toBe(old);
      expect(await inForce(capture)).toBe(hash);
      for (const daemon of [capture, apply]) expect(await daemon.metric('sluice_rules_info', { hash })).toBe(1);
    };
    await vi.waitFor(reloaded, 30_000);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 7 WHERE id = 2`);
    await vi.waitFor(
      async () => expect(await shop.redis.get(`${shop.prefix}product:2`)).toBe('{"id":2,"stock":7}'),
      30_000,
    );
  });

  it('waits for a source that is away, keeps the old rules meanwhile, and takes the new ones when it is back', async () => {
    const shop = await Shop.open();
    const { hostname, port } = new URL(shop.mysqlUrl);
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    const url = shop.mysqlUrl.replace(/@.*$/, `@127.0.0.1:${proxy.port}`);
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), source: { url }, reload: { watch: false } });
    const daemon = await shop.ready('run');
    const old = await inForce(daemon);
    proxy.refuse();
    shop.write('rules.yaml', rulesOf(shop, 'b'));
    const refused = await post(daemon);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ hash: old, problems: [{ temporary: true }] });
    proxy.heal();
    await vi.waitFor(async () => expect(await inForce(daemon)).not.toBe(old), 60_000);
    expect(await daemon.metric('sluice_rules_reload_failed')).toBe(0);
  });

  it('ends no daemon by SIGHUP, neither while it starts nor while it drains', async () => {
    const shop = await Shop.open();
    const { hostname, port } = new URL(shop.mysqlUrl);
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    const url = shop.mysqlUrl.replace(/@.*$/, `@127.0.0.1:${proxy.port}`);
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), source: { url } });
    const daemon = shop.start('run');
    // Its checks of the servers have begun, and nobody listens for a reload yet.
    await vi.waitFor(() => expect(proxy.accepted).toBeGreaterThan(0), { timeout: 20_000, interval: 1 });
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.ready();
    await vi.waitFor(async () => expect(await reloads(daemon, 'unchanged')).toBe(1), 10_000);
    process.kill(daemon.pid, 'SIGTERM');
    process.kill(daemon.pid, 'SIGHUP');
    expect(await daemon.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
