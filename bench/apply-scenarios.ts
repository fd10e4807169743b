import { benchKafkaToRedis } from './kafka-to-redis.ts';
import type { Rate } from './lanes.ts';
import { benchRefresh } from './refresh.ts';
import { atLeast, type Bench, type Scenario } from './scenario.ts';

const GOAL = atLeast(0.6);
const unit = 'keys/s';

export const refresh: Scenario = {
  name: 'refresh',
  about: 'refreshes from the row image, beside a bare script that is given many finished keys and values',
  run: async ({ isQuick, runs, servers, progress }: Bench) => {
    const { redis } = await servers(['redis']);
    const size = { keys: isQuick ? 100_000 : 500_000, rounds: runs, progress };
    const { bare, sluice } = await benchRefresh(databaseOf(redis), size);
    return [
      {
        what: 'refresh from the row image',
        unit,
        results: { 'bare script': speeds(bare), sluice: speeds(sluice) },
        ratios: [{ of: 'sluice', to: 'bare script', goal: GOAL }],
      },
    ];
  },
};

export const kafkaToRedis: Scenario = {
  name: 'kafka-to-redis',
  about: 'records in Kafka to deleted keys, beside a bare consumer and bare UNLINKs',
  run: async ({ isQuick, runs, servers, progress }: Bench) => {
    const { redis, kafka } = await servers(['redis', 'kafka']);
    const size = { records: isQuick ? 100_000 : 500_000, rounds: runs, progress };
    const rates = await benchKafkaToRedis({ redisUrl: databaseOf(redis), brokers: kafka.brokers, ...size });
    const [consumer, unlink] = [speeds(rates.consumer), speeds(rates.unlink)];
    const slower = consumer.map((speed, run) => Math.min(speed, unlink[run] ?? NaN));
    return [
      {
        what: 'Kafka to Redis',
        unit,
        results: {
          'bare consumer': consumer,
          'bare UNLINK': unlink,
          'slower of both': slower,
          sluice: speeds(rates.sluice),
        },
        ratios: [{ of: 'sluice', to: 'slower of both', goal: GOAL }],
      },
    ];
  },
};

function speeds(rates: readonly Rate[]): number[] {
  return rates.map(({ perSecond }) => perSecond);
}

/** A Redis database of the bench's own: it is flushed. */
function databaseOf({ url }: { readonly url: string }): string {
  return `${url.replace(/\/\d*$/, '')}/10`;
}
