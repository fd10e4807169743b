/** Changes that nobody has seen: with `flush` no stale key is left, with `halt` nothing is touched, with `ignore` it goes on. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMysql, type ThrowawayMysql } from '../../deploy/local/services.ts';
import type { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { Shop } from '../support/shop-fixture.ts';

const WITHIN = { timeout: 60_000, interval: 50 };
const NO_GTIDS = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
/** No clock has come so far. */
const FUTURE = String(9_000_000_000_000_000);

const servers: Record<'gtids' | 'coordinates', ThrowawayMysql | undefined> = {
  gtids: undefined,
  coordinates: undefined,
};
beforeAll(async () => {
  servers.gtids = await startMysql();
  servers.coordinates = await startMysql({ flags: NO_GTIDS });
}, 120_000);
afterAll(async () => {
  for (const server of Object.values(servers)) await server?.remove();
});

const serverOf = (kind: keyof typeof servers): ThrowawayMysql => {
  const server = servers[kind];
  if (server === undefined) throw new Error('the server has not started');
  return server;
};

const FILLED = ['epoch:1:0', 'list:5', 'other:1', 'product:1', 'view:1', 'view:2', 'view:3'];

class GapShop {
  readonly shop: Shop;
  readonly server: ThrowawayMysql;

  private constructor(shop: Shop, server: ThrowawayMysql) {
    this.shop = shop;
    this.server = server;
  }

  static async open(kind: keyof typeof servers, onGap: string, kafka = false): Promise<GapShop> {
    const server = serverOf(kind);
    const shop = await Shop.open({ mysqlUrl: server.url, kafka });
    const rule = (name: string, key: string, more: object): object => ({
      name,
      table: shop.table,
      keys: [`${shop.prefix}${key}`],
      ...more,
    });
    shop.write('rules.yaml', {
      rules: [
        rule('product', 'product:{id}', { action: 'delete' }),
        // Whatever it says about table changes.
        rule('list', 'list:{category_id}', { action: 'delete', table_changes: 'ignore', flush_above_rows: 'never' }),
        rule('view', 'view:{id}', { action: { refresh: { row: ['id', 'stock'] } } }),
        rule('epoch', 'epoch:{id}:{@epoch}', { action: 'delete', table_changes: 'epoch' }),
      ],
    });
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({ kafka }),
      source: { url: shop.mysqlUrl, on_gap: onGap, heartbeat: '500ms' },
    });
    await shop.insertProducts(3);
    return new GapShop(shop, server);
  }

  key(name: string): string {
    return `${this.shop.prefix}${name}`;
  }

  /** Values that only the flush of a gap can remove: their changes are never seen, and a version says that they are newer. */
  async fill(): Promise<void> {
    const { redis } = this.shop;
    for (const name of FILLED) await redis.set(this.key(name), 'stale');
    await redis.set(`sluice:v:{${this.key('view:1')}}`, FUTURE);
  }

  left(): Promise<string[]> {
    return this.shop.keys('*').then((keys) => keys.map((key) => key.slice(this.shop.prefix.length)).sort());
  }

  files(): string[] {
    const folder = this.shop.path('state');
    return readdirSync(folder)
      .filter((name) => name.startsWith('checkpoint'))
      .map((name) => join(folder, name));
  }

  /** A change that is seen reaches the cache: a delete, and a refresh whose key had a version of the future. */
  async works(): Promise<void> {
    const { mysql, redis, table } = this.shop;
    await redis.set(this.key('product:3'), 'cached');
    await vi.waitFor(async () => {
      await mysql.query(`UPDATE ${table} SET stock = stock + 1 WHERE id IN (1, 3)`);
      expect(await redis.exists(this.key('product:3'))).toBe(0);
    }, WITHIN);
  }

  /** Changed again if need be: a flush of another partition, which takes newer values too, may still be on its way. */
  async refreshed(): Promise<void> {
    const { mysql, redis, table } = this.shop;
    await vi.waitFor(async () => {
      await mysql.query(`UPDATE ${table} SET stock = stock + 1 WHERE id = 1`);
      const [[row]] = await mysql.query<RowDataPacket[]>(`SELECT stock FROM ${table} WHERE id = 1`);
      const expected = { id: 1, stock: row?.['stock'] as number };
      await vi.waitFor(
        async () => expect(JSON.parse((await redis.get(this.key('view:1'))) ?? 'null')).toEqual(expected),
        { timeout: 5_000, interval: 50 },
      );
    }, WITHIN);
  }
}

interface Way {
  readonly name: string;
  readonly server: keyof typeof servers;
  readonly reason: string;
  /** The daemon runs meanwhile. */
  readonly running?: true;
  readonly breakIt: (gap: GapShop) => Promise<void>;
}

const change = async ({ shop }: GapShop): Promise<void> => {
  await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 100`);
};

const reset = async (gap: GapShop): Promise<void> => {
  await change(gap);
  await gap.shop.mysql.query('RESET BINARY LOGS AND GTIDS');
};

/** The change behind it is in a log that nobody reads. */
const resetUnderIt = async (gap: GapShop): Promise<void> => {
  await gap.shop.mysql.query('RESET BINARY LOGS AND GTIDS');
  await change(gap);
};

/** The old numbers and offsets exist again, and mean something else. */
const grow = async (gap: GapShop): Promise<void> => {
  const { mysql, table } = gap.shop;
  for (let times = 0; times < 60; times++) await mysql.query(`UPDATE ${table} SET stock = stock + 1`);
};

const WAYS: readonly Way[] = [
  {
    name: 'purged while it was down',
    server: 'gtids',
    reason: 'purged',
    breakIt: async (gap) => {
      const { mysql } = gap.shop;
      await change(gap);
      await mysql.query('FLUSH BINARY LOGS');
      const [[status]] = await mysql.query<RowDataPacket[]>('SHOW BINARY LOG STATUS');
      await mysql.query(`PURGE BINARY LOGS TO '${String(status?.['File'])}'`);
    },
  },
  { name: 'reset while it was down', server: 'gtids', reason: 'reset', breakIt: reset },
  { name: 'reset while it runs', server: 'gtids', reason: 'reset', running: true, breakIt: resetUnderIt },
  {
    name: 'reset while it was down, grown beyond our GTIDs',
    server: 'gtids',
    reason: 'reset',
    breakIt: async (gap) => {
      await reset(gap);
      await grow(gap);
    },
  },
  {
    name: 'reset while it runs, without GTIDs',
    server: 'coordinates',
    reason: 'reset',
    running: true,
    breakIt: resetUnderIt,
  },
  {
    name: 'reset while it was down, without GTIDs, grown beyond our offset',
    server: 'coordinates',
    reason: 'reset',
    breakIt: async (gap) => {
      await reset(gap);
      await grow(gap);
    },
  },
  {
    name: 'another UUID without GTIDs, as of a restored backup',
    server: 'coordinates',
    reason: 'other_server',
    breakIt: async (gap) => {
      await change(gap);
      await gap.server.stop();
      rmSync(join(gap.server.folder, 'data', 'auto.cnf'));
      await gap.server.restart();
    },
  },
  {
    name: 'the checkpoint deleted',
    server: 'gtids',
    reason: 'checkpoint_missing',
    breakIt: async (gap) => {
      await change(gap);
      for (const file of gap.files()) rmSync(file);
    },
  },
  {
    name: 'the checkpoint truncated',
    server: 'gtids',
    reason: 'checkpoint_unreadable',
    breakIt: async (gap) => {
      await change(gap);
      for (const file of gap.files()) writeFileSync(file, readFileSync(file, 'utf8').slice(0, 80));
    },
  },
];

/** The daemon behind the gap: the one that runs, or the next. */
async function across(gap: GapShop, { running, breakIt }: Way): Promise<SluiceProcess> {
  const { shop } = gap;
  const daemon = await shop.ready('run');
  await vi.waitFor(
    async () => expect(await shop.redis.exists(`sluice:started:${shop.database.replaceAll('_', '-')}.main`)).toBe(1),
    WITHIN,
  );
  // Something was read, so it is known which file of the log it was.
  await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);
  await vi.waitFor(async () => expect(await shop.redis.exists(gap.key('view:3'))).toBe(1), WITHIN);
  if (running === true) {
    await gap.fill();
    await breakIt(gap);
    return daemon;
  }
  await daemon.stop('SIGTERM');
  await gap.fill();
  await breakIt(gap);
  return shop.start('run');
}

describe.each(WAYS)('$name', (way) => {
  it('flush: no stale key is left, what is not the rules’ stays, and it goes on', async () => {
    const gap = await GapShop.open(way.server, 'flush');
    const daemon = await across(gap, way);
    await vi.waitFor(async () => expect(await gap.left()).toEqual(['other:1']), WITHIN);
    await daemon.ready();
    expect(await daemon.metric('sluice_gaps_total', { reason: way.reason, policy: 'flush' })).toBe(1);
    expect(await daemon.metric('sluice_gaps_total')).toBe(1);
    expect(Number(await gap.shop.redis.get(`sluice:epoch:${gap.shop.table}`))).toBeGreaterThan(Date.now() * 1000);
    await gap.works();
    await gap.refreshed();
    // The gap is behind it for good.
    await daemon.stop('SIGTERM');
    const next = await gap.shop.ready('run');
    await gap.works();
    expect(await next.metric('sluice_gaps_total')).toBe(0);
  });

  it('halt: it ends with exit code 3 and has touched nothing', async () => {
    const gap = await GapShop.open(way.server, 'halt');
    const daemon = await across(gap, way);
    expect(await daemon.exited).toEqual({ code: 3, signal: null });
    expect(daemon.stderr).toContain(`"reason":"${way.reason}"`);
    expect(await gap.left()).toEqual(FILLED);
    expect(await gap.shop.redis.get(gap.key('view:1'))).toBe('stale');
    // And so does every start after it.
    expect(await gap.shop.start('run').exited).toEqual({ code: 3, signal: null });
    expect(await gap.left()).toEqual(FILLED);
  });
});

it('ignore: it removes nothing, says so, and goes on', async () => {
  const [purged] = WAYS;
  if (purged === undefined) throw new Error('there is no way');
  const gap = await GapShop.open(purged.server, 'ignore');
  const daemon = await across(gap, purged);
  await daemon.ready();
  expect(daemon.stderr).toContain('keys may stay stale');
  expect(await daemon.metric('sluice_gaps_total', { reason: 'purged', policy: 'ignore' })).toBe(1);
  expect(await gap.left()).toEqual(FILLED);
  await gap.works();
});

it('the very first start is no gap, whatever the cache holds', async () => {
  const gap = await GapShop.open('gtids', 'halt');
  await gap.fill();
  const daemon = await gap.shop.ready('run');
  expect(daemon.stderr).toContain('first start');
  expect(await gap.left()).toEqual(FILLED);
  await gap.works();
});

it('a cache that lost everything together with the checkpoint has no gap', async () => {
  const gap = await GapShop.open('gtids', 'halt');
  const daemon = await gap.shop.ready('run');
  const trace = `sluice:started:${gap.shop.database.replaceAll('_', '-')}.main`;
  await vi.waitFor(async () => expect(await gap.shop.redis.exists(trace)).toBe(1), WITHIN);
  await daemon.stop('SIGKILL');
  for (const file of gap.files()) rmSync(file);
  await gap.shop.redis.del(trace);
  expect((await gap.shop.ready('run')).stderr).toContain('first start');
});

describe('through Kafka', () => {
  const open = async (onGap: string): Promise<GapShop> => {
    const gap = await GapShop.open('gtids', onGap, true);
    const capture = await gap.shop.ready('capture');
    await gap.shop.ready('apply');
    await gap.works();
    await vi.waitFor(async () => expect(await gap.shop.redis.exists(gap.key('view:3'))).toBe(1), WITHIN);
    await vi.waitFor(() => expect(gap.files().length).toBeGreaterThan(0), WITHIN);
    await capture.stop('SIGTERM');
    await gap.fill();
    await change(gap);
    return gap;
  };

  it('flush: the workers remove everything, and what was behind it in the topic is not older', async () => {
    const gap = await open('flush');
    for (const file of gap.files()) rmSync(file);
    const capture = await gap.shop.ready('capture');
    await vi.waitFor(async () => expect(await gap.left()).toEqual(['other:1']), WITHIN);
    expect(await capture.metric('sluice_gaps_total', { reason: 'checkpoint_missing', policy: 'flush' })).toBe(1);
    await gap.works();
    await gap.refreshed();
  });

  it('halt: the capture ends with exit code 3, and the workers have nothing to do', async () => {
    const gap = await open('halt');
    for (const file of gap.files()) rmSync(file);
    expect(await gap.shop.start('capture').exited).toEqual({ code: 3, signal: null });
    expect(await gap.left()).toEqual(FILLED);
  });
});
