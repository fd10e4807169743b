/**
 * `npm run demo [-- --kafka] [-- --keep]`: a small shop whose cache is kept right by a real daemon.
 * Progress and pictures go to stdout; the last line is a JSON summary. Exit code 1 if any key is stale or was not touched.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection, type Connection } from 'mysql2/promise';
import { ensureServices } from '../local/services.ts';
import { deleteTopics, startDaemons } from './daemons.ts';
import { createShop, DATABASE, expectedEntries, fillCache, removeDemoKeys, staleKeys } from './shop.ts';
import { STEPS, type Step } from './steps.ts';
import { KeyWatcher, type Seen } from './watcher.ts';

/** A Redis database of the demo's own: nobody's keys are in the way. */
const REDIS_DATABASE = 9;
const STEP_TIMEOUT_MS = 30_000;

const { values: flags } = parseArgs({
  options: { kafka: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (flags.help) {
  console.log(
    'npm run demo -- [--kafka] [--keep]\n  --kafka  through Kafka, with one capture and two apply workers\n  --keep   leave everything running and print how to connect',
  );
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const names = flags.kafka ? (['mysql', 'redis', 'kafka'] as const) : (['mysql', 'redis'] as const);
  const addresses = await ensureServices([...names], (line) => console.log(`  ${line}`));
  const mysqlUrl = required(addresses.mysql, 'mysql').url;
  const redisUrl = `${required(addresses.redis, 'redis').url.replace(/\/\d*$/, '')}/${REDIS_DATABASE}`;
  const mysql = await createConnection({ uri: mysqlUrl, timezone: 'Z', multipleStatements: false });
  const redis = new Redis(redisUrl);
  const watcher = new KeyWatcher({ url: redisUrl });

  await refuseForeignKeys(redis);
  console.log('Creating a shop: 10,500 products in 20 categories, 500 orders.');
  await createShop(mysql);
  const brokers = flags.kafka ? required(addresses.kafka, 'kafka').brokers : null;
  const { daemons, config, topics } = await startDaemons({ mysqlUrl, redisUrl, kafkaBrokers: brokers });
  await fillCache(redis, await expectedEntries(mysql));
  console.log(`The cache is full (${await redis.dbsize()} keys); the daemon follows the binlog.\n`);
  await watcher.start(REDIS_DATABASE);

  const delays: number[] = [];
  let failed = 0;
  for (const [index, step] of STEPS.entries()) {
    failed += (await runStep(index, step, { mysql, redis, watcher, delays })) ? 0 : 1;
  }
  const expected = await expectedEntries(mysql);
  const stale = await staleKeys(redis, expected);
  if (stale.length > 0) console.log(`STALE: ${stale.slice(0, 10).join(', ')}`);
  const counts = await Promise.all(daemons.map((daemon) => daemon.metric('sluice_invalidations_total')));
  await watcher.stop();

  if (flags.keep) {
    const admins = await Promise.all(daemons.map((daemon) => daemon.admin()));
    console.log(`\nRunning as long as this command does. Play with it:
  mysql      ${mysqlUrl.replace(/\/*$/, '')}/${DATABASE}
  redis-cli  -u ${redisUrl}
  metrics    ${admins.map((url) => `${url}/metrics`).join('  ')}
  tail       node dist/main.js tail ${flags.kafka ? `--config ${config}` : `--daemon ${admins[0]}`}
  Ctrl-C ends the daemon and takes the shop away; \`npm run services:down\` ends the servers.\n`);
  }
  const summary = {
    steps: STEPS.length,
    invalidations: counts.reduce((sum, count) => sum + count, 0),
    stale_keys: stale.length,
    failed_steps: failed,
    p50_ms: percentile(delays, 50),
    p99_ms: percentile(delays, 99),
  };
  console.log(JSON.stringify(summary));
  if (flags.keep)
    await Promise.race([
      ...daemons.map((daemon) => daemon.exited),
      new Promise((resolve) => process.once('SIGINT', resolve)),
    ]);
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  // Nothing of the demo stays on servers that may be somebody else's.
  await removeDemoKeys(redis);
  await mysql.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
  if (topics.length > 0) await deleteTopics(brokers ?? [], topics);
  redis.disconnect();
  await mysql.end();
  return stale.length === 0 && failed === 0 ? 0 : 1;
}

async function runStep(
  index: number,
  step: Step,
  shop: { mysql: Connection; redis: Redis; watcher: KeyWatcher; delays: number[] },
): Promise<boolean> {
  // Every key of the step is cached before it, as if just read: what goes away is seen going away.
  const before = await expectedEntries(shop.mysql);
  const wanted = [...step.gone, ...(step.untouched ?? [])].filter((key) => before.has(key));
  await fillCache(shop.redis, new Map(wanted.map((key) => [key, before.get(key) ?? ''])));
  await settle(shop.watcher);
  for (const statement of step.sql) await shop.mysql.query(statement);
  const committedAtMs = performance.now();

  const missing = new Set([
    ...step.gone.map((key) => `gone ${key}`),
    ...step.refreshed.map((key) => `refreshed ${key}`),
  ]);
  const seen: Seen[] = [];
  while (missing.size > 0 && performance.now() - committedAtMs < STEP_TIMEOUT_MS) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const event of shop.watcher.take()) {
      seen.push(event);
      // The event may overtake the answer to COMMIT: that is a delay of nothing, not of less than nothing.
      if (missing.delete(`${event.event} ${event.key}`)) shop.delays.push(Math.max(0, event.atMs - committedAtMs));
    }
  }
  const expected = step.gone.length + step.refreshed.length;
  const untouched = step.untouched ?? [];
  if (untouched.length > 0) await settle(shop.watcher, (events) => seen.push(...events));
  const touched = untouched.filter((key) => seen.some((event) => event.key === key));
  const last = seen.reduce((latest, event) => Math.max(latest, event.atMs - committedAtMs), 0);
  console.log(`${index + 1}. ${step.title}`);
  if (expected > 0)
    console.log(`   ${describe(step)}\n   ${expected - missing.size} of ${expected} keys after ${last.toFixed(1)} ms`);
  if (untouched.length > 0) console.log(`   untouched: ${untouched.join(', ')}`);
  if (missing.size > 0) console.log(`   MISSING: ${[...missing].slice(0, 5).join(', ')} …`);
  if (touched.length > 0) console.log(`   TOUCHED: ${touched.join(', ')}`);
  return missing.size === 0 && touched.length === 0;
}

function describe(step: Step): string {
  const list = (keys: readonly string[]): string =>
    keys.length > 6 ? `${keys.slice(0, 3).join(', ')} … (${keys.length})` : keys.join(', ');
  return [
    step.gone.length > 0 ? `gone: ${list(step.gone)}` : '',
    step.refreshed.length > 0 ? `refreshed: ${list(step.refreshed)}` : '',
  ]
    .filter((text) => text !== '')
    .join('   ');
}

/** Waits until nothing has happened for a quarter of a second, handing on what did. */
async function settle(watcher: KeyWatcher, each: (events: Seen[]) => void = () => undefined): Promise<void> {
  for (let quietSince = performance.now(); performance.now() - quietSince < 250;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const events = watcher.take();
    each(events);
    if (events.length > 0) quietSince = performance.now();
  }
}

async function refuseForeignKeys(redis: Redis): Promise<void> {
  await removeDemoKeys(redis);
  const foreign = (await redis.keys('*')).filter((key) => !key.startsWith('sluice:'));
  if (foreign.length > 0) {
    throw new Error(
      `Redis database ${REDIS_DATABASE} holds keys that are not the demo's (${foreign[0]} …); it touches nothing there.`,
    );
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? 0).toFixed(2));
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`no address for ${name}`);
  return value;
}
