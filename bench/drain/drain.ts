/**
 * The same backlog read by several programs, each in a process of its own: nothing done with the bytes, rows counted, rules evaluated.
 * Of each the second half is timed.
 */
import { startScript } from '../child.ts';
import { inTurns } from '../in-turns.ts';
import { atLeast, type Ratio, type Scenario } from '../scenario.ts';
import { BACKLOG_DATABASE, BACKLOG_TABLE, dropBacklog, writeBacklog, type Shape } from '../written-backlog.ts';
import type { Drained } from './second-half.ts';
import type { DrainSettings } from './settings.ts';

interface Case {
  readonly name: string;
  readonly about: string;
  readonly shape: Shape;
  /** Default: that of the backlog, with two columns of it in the key. */
  readonly ruleTable?: string;
  readonly goals: readonly Ratio[];
}

const SINGLE: Shape = { rows: 500_000, rowsEach: 1, columns: 10, isCompressed: false };
const HUNDRED: Shape = { ...SINGLE, rows: 2_000_000, rowsEach: 100 };
/** What compressed transactions are compared with: a drain of them moves next to nothing. */
const PLAIN = 'sluice, not compressed';
/** With --quick. */
const QUICK_DIVISOR = 8;

const FASTER_THAN_STOCK: Ratio = { of: 'sluice', to: 'zongji', goal: atLeast(10) };
const HALF_OF_RAW: Ratio = { of: 'sluice', to: 'raw drain', goal: atLeast(0.5) };

export const drainSingle = scenario({
  name: 'single-row',
  about: 'single-row transactions, decoded and evaluated by one rule',
  shape: SINGLE,
  goals: [FASTER_THAN_STOCK, HALF_OF_RAW],
});
export const drainHundred = scenario({
  name: 'hundred-rows',
  about: 'transactions of 100 rows, decoded and evaluated by one rule',
  shape: HUNDRED,
  goals: [FASTER_THAN_STOCK, HALF_OF_RAW],
});
export const drainWide = scenario({
  name: 'wide',
  about: 'transactions of 100 rows of 40 columns, of which the rule needs two',
  shape: { ...HUNDRED, rows: 800_000, columns: 40 },
  goals: [
    { ...FASTER_THAN_STOCK, goal: null },
    { ...HALF_OF_RAW, goal: null },
  ],
});
export const drainCompressed = scenario({
  name: 'compressed',
  about: 'compressed transactions of 100 rows, which stock zongji skips',
  shape: { ...HUNDRED, isCompressed: true },
  goals: [{ of: 'sluice', to: PLAIN, goal: null }],
});
export const drainUnmatched = scenario({
  name: 'no-rule',
  about: 'single-row transactions of a table without a rule',
  shape: SINGLE,
  ruleTable: `${BACKLOG_DATABASE}.another`,
  goals: [
    { ...FASTER_THAN_STOCK, goal: null },
    { ...HALF_OF_RAW, goal: null },
  ],
});

function scenario({ name, about, shape, goals, ruleTable = BACKLOG_TABLE }: Case): Scenario {
  return {
    name,
    about,
    run: async (bench) => {
      const { mysql } = await bench.servers(['mysql']);
      const rows = bench.isQuick ? shape.rows / QUICK_DIVISOR : shape.rows;
      const write = async (more: Partial<Shape>): Promise<DrainSettings> => {
        bench.progress(`${name}: writing a backlog of ${rows} rows`);
        const { host, port, user, password } = mysql;
        const rules = [{ name: 'row', table: ruleTable, keys: ['row:{id}:{category_id}'], action: 'delete' }];
        const written = await writeBacklog(mysql.url, { ...shape, rows, ...more });
        return { ...written, mysql: { host, port, user, password }, database: BACKLOG_DATABASE, rules };
      };
      try {
        const plain = shape.isCompressed ? await write({ isCompressed: false }) : null;
        const settings = await write({});
        const { rate } = await inTurns(bench, name, {
          ...(plain === null
            ? { 'raw drain': drainedBy('raw', settings), zongji: drainedBy('stock', settings) }
            : { [PLAIN]: drainedBy('sluice', plain) }),
          sluice: drainedBy('sluice', settings),
        });
        return [{ what: about, unit: 'rows/s', results: rate, ratios: goals }];
      } finally {
        await dropBacklog(mysql.url);
      }
    },
  };
}

/** One run of a program of this folder, as a contestant: a baseline for other scenarios, too. */
export function drainedBy(
  program: 'raw' | 'stock' | 'sluice',
  settings: DrainSettings,
): () => Promise<{ readonly rate: number }> {
  return async () => {
    const child = startScript(`drain/${program}.ts`, settings);
    const { share, seconds } = JSON.parse(await child.output()) as Drained;
    return { rate: (share * settings.rows) / seconds };
  };
}
