import { backlogThroughput } from './backlog.ts';
import { drainedBy } from './drain/drain.ts';
import { inTurns } from './in-turns.ts';
import { atLeast, type Bench, type Comparison, type Scenario } from './scenario.ts';
import { BACKLOG_DATABASE, dropBacklog, writeManyTables } from './written-backlog.ts';
import { Workload } from './workload.ts';

export const growth: Scenario = {
  name: 'growth',
  about:
    'whether cost grows with the work: backlogs of 1, 4 and 16 times a size, and 1,000 mapped tables instead of one',
  run: async (bench) => [await longerBacklogs(bench), await moreTables(bench)],
};

/** The first rows of one backlog, some of them, more of them, all of them. */
async function longerBacklogs(bench: Bench): Promise<Comparison> {
  const once = bench.isQuick ? 10_000 : 50_000;
  const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
  try {
    const what = 'a longer backlog to empty keys, in one process';
    await workload.insertRows(16 * once);
    const of = async (times: number) => {
      // Each ends where the log ends, or keys of rows behind it would be deleted, too.
      const from = await workload.coordinates();
      await workload.updateSingly(times * once);
      return { rate: await backlogThroughput('sluice', workload, { from, count: times * once }) };
    };
    const { rate } = await inTurns(bench, what, { '1 ×': () => of(1), '4 ×': () => of(4), '16 ×': () => of(16) });
    const ratios = ['4 ×', '16 ×'].map((longer) => ({ of: longer, to: '1 ×', goal: atLeast(0.9) }));
    return { what, unit: 'transactions/s', results: rate, ratios };
  } finally {
    await workload.close();
  }
}

async function moreTables(bench: Bench): Promise<Comparison> {
  const transactions = bench.isQuick ? 50_000 : 400_000;
  const { mysql } = await bench.servers(['mysql']);
  const { host, port, user, password } = mysql;
  const contestant = async (tables: number) => {
    bench.progress(`writing ${transactions} transactions of ${tables} tables`);
    const written = await writeManyTables(mysql.url, tables, transactions);
    const rules = Array.from({ length: tables }, (_, i) => ({
      name: `rule${i}`,
      table: `${BACKLOG_DATABASE}.t${i}`,
      keys: [`row${i}:{id}`],
      action: 'delete',
    }));
    return drainedBy('sluice', {
      ...written,
      mysql: { host, port, user, password },
      database: BACKLOG_DATABASE,
      rules,
    });
  };
  try {
    const what = 'single-row transactions of many mapped tables, decoded and evaluated';
    const { rate } = await inTurns(bench, what, {
      '1 table': await contestant(1),
      '1,000 tables': await contestant(1000),
    });
    const ratios = [{ of: '1,000 tables', to: '1 table', goal: atLeast(1 / 1.1) }];
    return { what, unit: 'rows/s', results: rate, ratios };
  } finally {
    await dropBacklog(mysql.url);
  }
}
