import { startScript } from './child.ts';
import { delayAtRate, RATES, rowsFor } from './delay.ts';
import { inTurns } from './in-turns.ts';
import type { Percentiles } from './percentiles.ts';
import type { RoundTripSettings } from './round-trip.ts';
import { atMost, type Bench, type Comparison, type Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

export const delayKafka: Scenario = {
  name: 'delay-kafka',
  about: 'from COMMIT to the key being gone through Kafka, beside the round trip of a bare producer and consumer',
  run: async (bench) => {
    const comparisons: Comparison[] = [];
    for (const perSecond of RATES) comparisons.push(...(await compare(bench, perSecond)));
    return comparisons;
  },
};

async function compare(bench: Bench, perSecond: number): Promise<Comparison[]> {
  const load = { perSecond, seconds: bench.isQuick ? 3 : 20 };
  const { brokers } = (await bench.servers(['kafka'])).kafka;
  const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
  try {
    await workload.insertRows(rowsFor(load));
    const at = `at ${perSecond} a second`;
    const bare = 'bare round trip';
    const found = await inTurns(bench, `delay through Kafka ${at}`, {
      [bare]: async (run) => {
        const settings: RoundTripSettings = {
          ...load,
          brokers,
          topic: `bench.round-trip.${process.pid}.${perSecond}.${run}`,
        };
        const { p50Ms, p99Ms } = JSON.parse(await startScript('round-trip.ts', settings).output()) as Percentiles;
        return { p50Ms, p99Ms };
      },
      'sluice, Kafka': async () => {
        const { p50Ms, p99Ms } = await delayAtRate('sluice, Kafka', workload, load, brokers);
        return { p50Ms, p99Ms };
      },
    });
    const ratio = { of: 'sluice, Kafka', to: bare };
    return [
      { what: `delay through Kafka ${at}, p50`, unit: 'ms', results: found.p50Ms, ratios: [{ ...ratio, goal: null }] },
      {
        what: `delay through Kafka ${at}, p99`,
        unit: 'ms',
        results: found.p99Ms,
        ratios: [{ ...ratio, goal: atMost(3) }],
      },
    ];
  } finally {
    await workload.close();
  }
}
