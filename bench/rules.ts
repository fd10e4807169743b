/**
 * What evaluating rules costs for a row, beside the same invalidations made by a function
 * written by hand for exactly these rules. No servers. Machines are noisy: the ratio means more than the nanoseconds.
 */
import { NO_EPOCHS } from '../src/model/position.ts';
import type { Change, ChangeBatch, Row, Table, Transaction } from '../src/model/row-change.ts';
import { columnFor } from '../src/decode/canonical-text.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { RuleEvaluator } from '../src/rules/evaluate/evaluate.ts';
import type { Evaluation } from '../src/rules/evaluate/evaluation.ts';
import { loadRules } from '../src/rules/rule-file.ts';
import type { Comparison, Scenario } from './scenario.ts';

interface Case {
  readonly what: string;
  readonly tables: number;
  readonly rulesOnEach: number;
}

const CASES: readonly Case[] = [
  { what: '1 rule on one table', tables: 1, rulesOnEach: 1 },
  { what: '10 rules on one table', tables: 1, rulesOnEach: 10 },
  { what: '100 rules on one table', tables: 1, rulesOnEach: 100 },
  { what: '1,000 tables, one rule each', tables: 1000, rulesOnEach: 1 },
];

/** The rows come in batches of a size that is common without a backlog; in larger ones the garbage collector is what is measured. */
const BATCHES = 10;
const BATCH_ROWS = 100;
const ROUND_MS = 400;
const ROUNDS = 7;

const COLUMNS = [
  ['id', 'bigint unsigned'],
  ['category_id', 'int'],
  ['name', 'varchar(100)'],
  ['price', 'decimal(10,2)'],
  ['stock', 'int'],
  ['updated_at', 'datetime'],
] as const;

type Run = (batch: ChangeBatch) => unknown;

const keep: unknown[] = [];

export const rules: Scenario = {
  name: 'rules',
  about: 'evaluating rules beside the same invalidations made by a function written by hand, without any server',
  run: ({ progress }) => Promise.resolve(CASES.map((each) => compare(each, progress))),
};

function compare(scenario: Case, progress: (line: string) => void): Comparison {
  const tables = Array.from({ length: scenario.tables }, (_, i) => tableOf(`t${i}`));
  const batches = Array.from({ length: BATCHES }, (_, i) => batchOf(tables, i * BATCH_ROWS));
  const [first] = batches;
  if (first === undefined) throw new Error('no batches');
  const evaluator = new RuleEvaluator({
    ruleSet: loadRules([{ file: 'bench.yaml', text: rulesOf(scenario) }]),
    metrics: { count: () => undefined, set: () => undefined },
    lookup: null,
    clock: systemClock,
  });
  const context = { captureTimeMs: 1, epochs: NO_EPOCHS, signal: new AbortController().signal };
  const evaluate = (batch: ChangeBatch): unknown => evaluator.evaluate(batch, context);
  const byHand = handWritten(tables, scenario.rulesOnEach);
  const made = (evaluate(first) as Evaluation).invalidations;
  if (JSON.stringify(made) !== JSON.stringify(byHand(first, made[0]?.origin.ruleSet ?? '')))
    throw new Error('not the same');
  const results = alternate(batches, { sluice: evaluate, 'by hand': (batch) => byHand(batch, 'x') });
  progress(`rules: ${scenario.what}`);
  return {
    what: `evaluating rules, ${scenario.what}`,
    unit: 'ns per row',
    results,
    ratios: [{ of: 'sluice', to: 'by hand', goal: null }],
  };
}

/** In ns per row; in turns, so that a slow moment of the machine hits both. */
function alternate(batches: readonly ChangeBatch[], runs: Readonly<Record<string, Run>>): Record<string, number[]> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [who, run] of Object.entries(runs)) {
      const time = measure(batches, run);
      // The first round compiles.
      if (round > 0) (times[who] ??= []).push(time);
    }
  }
  return times;
}

/** Of the processor, not of the clock on the wall: other programs then count less. */
function measure(batches: readonly ChangeBatch[], run: Run): number {
  const begin = process.cpuUsage();
  let rows = 0;
  let elapsedUs = 0;
  while (elapsedUs < ROUND_MS * 1000) {
    for (const batch of batches) {
      // Held for a moment, as what is in flight is: else the compiler may not make it at all.
      keep[0] = run(batch);
      rows += batch.changes.length;
    }
    const { user, system } = process.cpuUsage(begin);
    elapsedUs = user + system;
  }
  return (elapsedUs * 1000) / rows;
}

function rulesOf({ tables, rulesOnEach }: Case): string {
  const rules = Array.from({ length: tables * rulesOnEach }, (_, i) => ({
    name: `rule${i}`,
    table: `shop.t${Math.floor(i / rulesOnEach)}`,
    keys: [`cache:${i}:{id}`],
    action: 'delete',
  }));
  return JSON.stringify({ rules });
}

function tableOf(name: string): Table {
  const columns = COLUMNS.map(([column, columnType]) =>
    columnFor({ name: column, columnType, charset: 'utf8mb4_0900_ai_ci' }, 'mysql'),
  );
  const columnsByName = new Map(columns.map((column) => [column.name, column]));
  return { database: 'shop', name, columns, columnsByName, primaryKey: ['id'] };
}

/** Updates of one row each, in transactions of one row; the tables in turn. */
function batchOf(tables: readonly Table[], first: number): ChangeBatch {
  const changes = Array.from({ length: BATCH_ROWS }, (_, n): Change => {
    const i = first + n;
    const table = tables[i % tables.length];
    if (table === undefined) throw new Error('no tables');
    const before = rowOf(i, '9.99');
    const transaction: Transaction = {
      gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${i}`,
      commitTimeUs: 1_700_000_000_000_000 + i,
      begin: { file: 'binlog.000001', offset: 1000 * i },
    };
    return { kind: 'row', operation: 'update', table, before, after: rowOf(i, '8.99'), version: i + 1, transaction };
  });
  const end = { coordinates: { file: 'binlog.000001', offset: 1 }, gtids: [], lastVersion: first + BATCH_ROWS };
  return { changes, sizeBytes: 0, end, commitTimeMs: 1 };
}

function rowOf(id: number, price: string): Row {
  return {
    id: 100_000 + id,
    category_id: id % 50,
    name: `Lamp ${id}`,
    price,
    stock: 3,
    updated_at: '2026-01-01 00:00:00',
  };
}

/** What one would write for these rules alone: no templates, no columns by name, nothing that can fail. */
function handWritten(
  tables: readonly Table[],
  rulesOnEach: number,
): (batch: ChangeBatch, ruleSet: string) => unknown[] {
  const byTable = new Map(
    tables.map((table, t) => {
      const numbers = Array.from({ length: rulesOnEach }, (_, i) => t * rulesOnEach + i);
      return [table, numbers.map((i) => ({ rule: `rule${i}`, begin: `cache:${i}:` }))];
    }),
  );
  return ({ changes }, ruleSet) => {
    const out: unknown[] = [];
    for (const change of changes) {
      if (change.kind === 'table') continue;
      const { table, version, transaction } = change;
      const id = (change.after ?? change.before ?? {})['id'] as number;
      const origin = {
        database: table.database,
        table: table.name,
        operation: change.operation,
        primaryKey: { id },
        gtid: transaction.gtid,
        coordinates: transaction.begin,
        commitTimeMs: transaction.commitTimeUs / 1000,
        captureTimeMs: 1,
        ruleSet,
      };
      for (const { rule, begin } of byTable.get(table) ?? []) {
        const key = `${begin}${id}`;
        out.push({
          action: 'delete',
          key,
          partitionKey: key,
          version,
          rule,
          origin,
          versioned: false,
          againAfterMs: null,
        });
      }
    }
    return out;
  };
}
