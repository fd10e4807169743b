import { ensureServices, type Addresses, type ServiceName } from '../deploy/local/services.ts';
import { benchKafkaToRedis } from './kafka-to-redis.ts';
import type { Rate } from './lanes.ts';
import { benchRefresh } from './refresh.ts';

interface Bench {
  readonly isQuick: boolean;
  readonly runs: number;
  readonly servers: <Name extends ServiceName>(names: readonly Name[]) => Promise<Pick<Addresses, Name>>;
  readonly progress: (line: string) => void;
}

const AT_LEAST = { bound: 'at least', times: 0.6 } as const;
const unit = 'keys/s';

export const refresh = {
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
        ratios: [{ of: 'sluice', to: 'bare script', goal: AT_LEAST }],
      },
    ];
  },
};

export const kafkaToRedis = {
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
        ratios: [{ of: 'sluice', to: 'slower of both', goal: AT_LEAST }],
      },
    ];
  },
};

/** Prints what the scenario of this name finds, if it is one of these. */
export async function benchApplySide(
  name: string | undefined,
  flags: { quick?: boolean; json?: boolean },
): Promise<boolean> {
  const scenario = [refresh, kafkaToRedis].find((each) => each.name === name);
  if (scenario === undefined) return false;
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const servers: Bench['servers'] = (names) => ensureServices(names, progress);
  const comparisons = await scenario.run({ isQuick: flags.quick === true, runs: 5, servers, progress });
  if (flags.json === true) console.log(JSON.stringify(comparisons));
  else {
    for (const { what, results } of comparisons) {
      console.log(what);
      console.table(results);
    }
  }
  return true;
}

function speeds(rates: readonly Rate[]): number[] {
  return rates.map(({ perSecond }) => perSecond);
}

/** A Redis database of the bench's own: it is flushed. */
function databaseOf({ url }: { readonly url: string }): string {
  return `${url.replace(/\/\d*$/, '')}/10`;
}
