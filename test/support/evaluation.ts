import type { Invalidation } from '../../src/model/invalidation.ts';
import { NO_EPOCHS, type Epochs } from '../../src/model/position.ts';
import type { Change, ChangeBatch, TableChange, TableOperation, Transaction } from '../../src/model/row-change.ts';
import type { Clock, RowLookup } from '../../src/ports.ts';
import { BrokenRules } from '../../src/rules/evaluate/broken-rules.ts';
import { RuleEvaluator } from '../../src/rules/evaluate/evaluate.ts';
import type { Evaluation } from '../../src/rules/evaluate/evaluation.ts';
import { FakeClock } from './fake-clock.ts';
import { rulesOf } from './rules.ts';

/** `name {"label":"value"} = value` of everything counted or set, zeros left out. */
class RecordedMetrics {
  readonly values = new Map<string, number>();
  readonly count = (name: string, labels: object, by = 1): void => {
    const series = `${name} ${Object.values(labels).join(' ')}`;
    this.values.set(series, (this.values.get(series) ?? 0) + by);
  };
  readonly set = (name: string, labels: object, value: number): void => {
    this.values.set(`${name} ${Object.values(labels).join(' ')}`, value);
  };
  of(name: string): Record<string, number> {
    return Object.fromEntries([...this.values].filter(([series, value]) => series.startsWith(name) && value !== 0));
  }
}

/** An evaluator that remembers its epochs, as the capture loop does. */
export class TestEvaluator {
  readonly metrics = new RecordedMetrics();
  readonly broken = new BrokenRules(this.metrics);
  readonly evaluator: RuleEvaluator;
  epochs: Epochs = NO_EPOCHS;

  constructor(
    rules: string,
    { lookup = null, clock = new FakeClock() }: { lookup?: RowLookup | null; clock?: Clock } = {},
  ) {
    const ruleSet = rulesOf(rules);
    const brokenTables = this.broken.begin('main', ruleSet);
    this.evaluator = new RuleEvaluator({ ruleSet, metrics: this.metrics, lookup, clock, brokenTables });
  }

  /** A batch that ends its transaction unless said otherwise. */
  run(changes: readonly Change[], { ends = true } = {}): Evaluation {
    const result = this.evaluator.evaluate(batchOf(changes, ends), this.#context(new AbortController().signal));
    if (result instanceof Promise) throw new Error('it waits for a lookup');
    this.epochs = result.epochs;
    return result;
  }

  async wait(
    changes: readonly Change[],
    { ends = true, signal = new AbortController().signal } = {},
  ): Promise<Evaluation> {
    const result = await this.evaluator.evaluate(batchOf(changes, ends), this.#context(signal));
    this.epochs = result.epochs;
    return result;
  }

  /** What the invalidations of one batch are, in short. */
  keys(changes: readonly Change[], options?: { ends?: boolean }): string[] {
    return this.run(changes, options).invalidations.map(brief);
  }

  #context(signal: AbortSignal): { captureTimeMs: number; epochs: Epochs; signal: AbortSignal } {
    return { captureTimeMs: 1000, epochs: this.epochs, signal };
  }
}

export function batchOf(changes: readonly Change[], ends = true): ChangeBatch {
  const coordinates = { file: 'binlog.000007', offset: 9000 };
  const lastVersion = changes.at(-1)?.version ?? 0;
  return { changes, sizeBytes: 0, end: ends ? { coordinates, gtids: [], lastVersion } : null, commitTimeMs: 1 };
}

export function makeTableChange(
  operation: TableOperation,
  database: string,
  table: string | null,
  version = 1,
): TableChange {
  return { kind: 'table', operation, database, table, version, transaction: makeTransaction(`ddl-${version}`) };
}

export function makeTransaction(gtid: string | null = 'gtid-1'): Transaction {
  return { gtid, commitTimeUs: 1_700_000_000_000_000, begin: { file: 'binlog.000007', offset: 4242 } };
}

/** `delete key`, `present key {columns}`, `flush pattern reason`, `epoch key version`; `*` behind what is versioned. */
export function brief(invalidation: Invalidation): string {
  switch (invalidation.action) {
    case 'delete':
      return `delete ${invalidation.key}${invalidation.versioned ? ' *' : ''}`;
    case 'refresh':
      return `${invalidation.row.state} ${invalidation.key} ${JSON.stringify(invalidation.row.columns)}`;
    case 'flush':
      return `flush ${invalidation.key} ${invalidation.reason}${invalidation.versioned ? ' *' : ''}`;
    case 'epoch':
      return `epoch ${invalidation.key} ${invalidation.version}`;
  }
}
