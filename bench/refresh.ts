/**
 * Refreshes from the row image: worker and cache as the daemon has them, beside a bare script that is given the finished keys and values
 * and does the same SETs with versions. `npm run bench -- --scenario refresh`
 */
import { Redis } from 'ioredis';
import type { RefreshInvalidation } from '../src/model/invalidation.ts';
import type { DeliveredItem } from '../src/ports.ts';
import { openApplySide, TTL_MS, VERSION_TTL_MS } from './apply-side.ts';
import { originOf } from './origin.ts';
import { slices, textOf, throughput, type Rate } from './lanes.ts';

/** As in `sluice run` and `sluice apply`: the largest batch that a worker gets. */
const BATCH = 2_000;
const KEYS_PER_CALL = 200;

const BARE = `
local done = 0
for i = 1, #KEYS, 2 do
  local stored = redis.call('GET', KEYS[i + 1])
  if not stored or tonumber(stored) <= tonumber(ARGV[i + 1]) then
    redis.call('SET', KEYS[i + 1], ARGV[i + 1], 'PX', ARGV[1])
    redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ${TTL_MS})
    done = done + 1
  end
end
return done`;

export interface RefreshRates {
  readonly bare: Rate[];
  readonly sluice: Rate[];
}

export async function benchRefresh(
  redisUrl: string,
  { keys, rounds, progress }: { keys: number; rounds: number; progress: (line: string) => void },
): Promise<RefreshRates> {
  const redis = new Redis(redisUrl);
  const sluice = openApplySide(redisUrl);
  const { signal } = new AbortController();
  const rates: RefreshRates = { bare: [], sluice: [] };
  try {
    const sha = (await redis.script('LOAD', BARE)) as string;
    // Made once: an equal version is applied again. What is measured leaves its own garbage, not that of the bench.
    const invalidations = Array.from({ length: keys }, (_, id) => refreshOf(id, 1_790_000_000_000_000 + id));
    const prepared = slices(invalidations.map(finished), BATCH);
    const delivered = slices(invalidations.map(deliver), BATCH);
    // The first round of both is compilation.
    for (let round = 0; round <= rounds; round++) {
      await redis.flushdb();
      const bare = await throughput(prepared, (batch) => sendBare(redis, sha, batch));
      await redis.flushdb();
      const ours = await throughput(delivered, (items) => sluice.worker.handle({ partition: 0, items }, signal));
      if (round === 0) continue;
      rates.bare.push(bare);
      rates.sluice.push(ours);
      progress(`refresh ${round}: bare ${textOf(bare)}, sluice ${textOf(ours)}`);
    }
    return rates;
  } finally {
    await redis.flushdb();
    redis.disconnect();
    await sluice.close();
  }
}

interface Finished {
  readonly key: string;
  readonly versionKey: string;
  readonly version: string;
  readonly value: string;
}

function finished({ key, version, row }: RefreshInvalidation): Finished {
  return { key, versionKey: `sluice:v:{${key}}`, version: String(version), value: JSON.stringify(row.columns) };
}

function sendBare(redis: Redis, sha: string, batch: readonly Finished[]): Promise<unknown> {
  const pipeline = redis.pipeline();
  for (const part of slices(batch, KEYS_PER_CALL)) {
    const keys: string[] = [];
    const args = [String(VERSION_TTL_MS)];
    for (const { key, versionKey, version, value } of part) {
      keys.push(key, versionKey);
      args.push(version, value);
    }
    pipeline.evalsha(sha, keys.length, ...keys, ...args);
  }
  return pipeline.exec();
}

function refreshOf(id: number, version: number): RefreshInvalidation {
  const key = `product:${id}`;
  const columns = {
    id,
    category_id: id % 100,
    name: `Product number ${id}`,
    price: '12.50',
    stock: 7,
    note: 'a note of average length',
  };
  return {
    action: 'refresh',
    key,
    partitionKey: key,
    version,
    rule: 'product',
    row: { state: 'present', columns },
    origin: originOf(id),
  };
}

function deliver(invalidation: RefreshInvalidation): DeliveredItem {
  return { kind: 'invalidation', invalidation, place: 'bench' };
}
