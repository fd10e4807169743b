import type { Invalidation } from '../../model/invalidation.ts';
import type { BinlogCoordinates, Epochs } from '../../model/position.ts';
import {
  endsTransaction,
  type ChangeBatch,
  type RowChange,
  type Table,
  type TableChange,
} from '../../model/row-change.ts';
import type { Version } from '../../model/version.ts';
import type { Clock, DeadLetter, RowLookup } from '../../ports.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { BrokenRules, type BrokenTables } from './broken-rules.ts';
import { Collapse, type RuleOnTable } from './collapse.ts';
import type { Evaluation, EvaluationContext } from './evaluation.ts';
import { LookupReader } from '../lookup/lookup-reader.ts';
import type { OriginContext, RowOrigin, TableName } from '../../model/row-origin.ts';
import { originOf } from './origin-of.ts';
import { epochId } from './epoch-id.ts';
import { gapFlush, type GapFlush, type GapFlushOptions } from './gap-flush.ts';
import { restateEpochs } from './restate-epochs.ts';
import { RuleBinder } from './rule-binder.ts';
import { flushesOf, patternsOf } from './rule-flush.ts';
import { memoryOf, type RuleMemory } from './rule-memory.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { affectedTables, couldConcern, epochRaise, react } from './table-reaction.ts';
import { missingReason, type BrokenRule, type TableRules } from './table-rules.ts';
import { isLookupBroken, reasonOf, unmappedLetter } from './unmapped.ts';
import { WaitingRows } from '../lookup/waiting-rows.ts';

export interface RuleEvaluatorOptions {
  readonly ruleSet: RuleSet;
  readonly metrics: Pick<Metrics, 'count' | 'set'>;
  /** Null: there is nobody to ask; rows of rules with a lookup become dead letters. */
  readonly lookup: RowLookup | null;
  readonly clock: Clock;
  /** Told which rules do not fit their tables; without it only the gauge is. */
  readonly brokenTables?: BrokenTables;
  readonly logger?: Logger;
}

/** What one call of `evaluate` fills. */
interface Output {
  readonly invalidations: Invalidation[];
  readonly letters: DeadLetter[];
  readonly context: OriginContext;
  /** Null: no row needs a lookup. */
  waiting: WaitingRows | null;
}

/**
 * Changes → invalidations. A rule that fails on a row gives a dead letter for that row; other rules and other rows go on.
 * Batches must come in order and one at a time: a transaction may come in several, and what a rule has counted of it is
 * remembered in between.
 */
export class RuleEvaluator {
  readonly #memories: readonly RuleMemory[];
  readonly #ruleSet: string;
  readonly #metrics: Pick<Metrics, 'count'>;
  readonly #brokenTables: BrokenTables;
  readonly #binder: RuleBinder;
  readonly #reader: LookupReader;
  readonly #collapse = new Collapse();
  readonly #nullKeys = new Map<string, number>();
  readonly #largeRows = new Map<string, number>();
  readonly #logger: Logger | null;

  constructor({ ruleSet, metrics, lookup, clock, brokenTables, logger }: RuleEvaluatorOptions) {
    const { rules, hash } = ruleSet;
    this.#memories = rules.map(memoryOf);
    this.#ruleSet = hash;
    this.#logger = logger ?? null;
    this.#metrics = metrics;
    this.#brokenTables = brokenTables ?? new BrokenRules(metrics).begin('', ruleSet);
    this.#reader = new LookupReader({ lookup, clock, metrics, logger: logger ?? null });
    this.#binder = new RuleBinder({
      memories: this.#memories,
      brokenTables: this.#brokenTables,
      onNullKey: (rule) => void this.#nullKeys.set(rule, (this.#nullKeys.get(rule) ?? 0) + 1),
      onLargeRow: (rule) => void this.#largeRows.set(rule, (this.#largeRows.get(rule) ?? 0) + 1),
    });
    // Series that are there from the start make the first event visible as an increase.
    for (const { name: rule, nullText } of rules) {
      metrics.count('sluice_unmapped_changes_total', { rule }, 0);
      if (nullText === null) metrics.count('sluice_null_keys_total', { rule }, 0);
    }
  }

  /** What a start says before its first batch: the epochs of the checkpoint, which stands at `coordinates`. */
  restate(epochs: Epochs, coordinates: BinlogCoordinates, captureTimeMs: number): readonly Invalidation[] {
    const rules = this.#memories.map(({ rule }) => rule);
    return restateEpochs({ rules, epochs, coordinates, context: { captureTimeMs, ruleSet: this.#ruleSet } });
  }

  /** What changes that nobody has seen mean: everything the rules own. Forgets what is known of a transaction that was cut. */
  bridge(gap: GapFlushOptions, captureTimeMs: number): GapFlush {
    for (const { answers } of this.#memories) answers?.forget(null);
    this.#collapse.drop();
    const rules = this.#memories.map(({ rule }) => rule);
    return gapFlush(rules, gap, { captureTimeMs, ruleSet: this.#ruleSet });
  }

  /**
   * What the batch means. A promise only when a lookup must be read: it waits for a server that is away, and rejects with the
   * signal's reason when aborted.
   */
  evaluate(batch: ChangeBatch, { captureTimeMs, epochs, signal }: EvaluationContext): Evaluation | Promise<Evaluation> {
    const context = { captureTimeMs, ruleSet: this.#ruleSet };
    const out: Output = { invalidations: [], letters: [], context, waiting: null };
    this.#binder.use(epochs);
    this.#read(batch, out);
    const reading = out.waiting === null ? null : out.waiting.resolve(signal);
    return reading === null ? this.#finish(out) : reading.then(() => this.#finish(out));
  }

  #read(batch: ChangeBatch, out: Output): void {
    let table: Table | null = null;
    let rules: TableRules | null = null;
    for (const change of batch.changes) {
      if (this.#collapse.isOver(change.transaction)) this.#endTransaction(out);
      if (change.kind === 'table') {
        this.#readTableChange(change, out);
        // It may have raised the epoch that the rules at hand are bound to.
        table = null;
        continue;
      }
      if (change.table !== table) {
        table = change.table;
        rules = this.#binder.rulesOf(table);
        const carrier = rules?.needsEpoch ?? null;
        if (rules !== null && carrier !== null) rules = this.#raiseUnknown(change, carrier, rules.name, out);
      }
      if (rules !== null) this.#readRow(change, rules, out);
    }
    if (endsTransaction(batch)) this.#endTransaction(out);
  }

  #readRow(change: RowChange, rules: TableRules, out: Output): void {
    for (const answers of rules.lookedInto) answers.forget(change.transaction.gtid);
    const { invalidations } = out;
    let origin: RowOrigin | null = null;
    for (const rule of rules.bound[change.operation]) {
      const { length } = invalidations;
      let counted = false;
      try {
        if (!rule.counts(change)) continue;
        counted = true;
        if (rule.memory.rows.isAbove(change.transaction)) {
          this.#collapse.add(rule, change);
          continue;
        }
        origin ??= originOf(change, rules.name, rules.primaryKey, out.context);
        if (rule.parameters === null) rule.emit(change, origin, invalidations);
        else (out.waiting ??= new WaitingRows(this.#reader)).add(rule, change, origin, length);
      } catch (error) {
        const reason = reasonOf(error);
        // Half of a row's keys would look like all of them.
        invalidations.length = length;
        // A condition that cannot tell counts the row: one that fails on every row would else make as many letters.
        if (!counted && rule.memory.rows.isAbove(change.transaction)) {
          this.#collapse.add(rule, change);
          continue;
        }
        origin ??= originOf(change, rules.name, rules.primaryKey, out.context);
        out.letters.push(unmappedLetter(rule.rule.name, change, origin, reason));
      }
    }
    for (const rule of rules.broken[change.operation]) this.#readBroken(change, rules, rule, out);
  }

  /** Nobody can say which keys such a row makes stale, so all of the rule's are flushed, once for each definition of the table. */
  #readBroken(change: RowChange, rules: TableRules, broken: BrokenRule, out: Output): void {
    const { rule, facts, memory, missing } = broken;
    if (this.#brokenTables.add(rule.name, change.table, missing)) {
      const origin = originOf(change, rules.name, null, out.context);
      const cause = { reason: 'column_missing', version: change.version, origin } as const;
      out.invalidations.push(...flushesOf(rule, patternsOf(rule, facts), cause));
    }
    // The flush of a large transaction covers its rows, whatever they hold.
    if (memory.rows.isAbove(change.transaction)) return this.#collapse.add(broken, change);
    const reason = missingReason(broken, change);
    out.letters.push(
      unmappedLetter(rule.name, change, originOf(change, rules.name, rules.primaryKey, out.context), reason),
    );
  }

  /** The same for a lookup that lacks a column: once, until it gives an answer again. */
  #breakLookup({ rule, facts }: RuleOnTable, change: RowChange, why: string, context: OriginContext): Invalidation[] {
    if (!this.#brokenTables.addLookup(rule.name, why)) return [];
    const origin = originOf(change, { database: facts.database, table: facts.table }, null, context);
    return flushesOf(rule, patternsOf(rule, facts), {
      reason: 'column_missing',
      version: change.version,
      origin,
    });
  }

  #readTableChange(change: TableChange, { invalidations, context }: Output): void {
    const { database, table, operation, transaction } = change;
    if (operation === 'drop' || operation === 'rename') this.#brokenTables.forget(database, table);
    const raised = new Map<string, Invalidation>();
    for (const { rule, answers } of this.#memories) {
      const { epochs } = this.#binder;
      const reaction = react(rule, change, affectedTables(rule, change), { origin: context, epochs });
      invalidations.push(...reaction.invalidations);
      for (const name of reaction.raised) {
        // One raise, however many rules ask for it.
        if (!raised.has(epochId(name))) raised.set(epochId(name), epochRaise(rule, change, name, context));
      }
      if (rule.lookup !== null && couldConcern(rule.lookup.tables, change)) answers?.forget(transaction.gtid);
    }
    if (raised.size === 0) return;
    invalidations.push(...raised.values());
    this.#raise([...raised.keys()], change.version);
  }

  /** The rules of the table, bound to the epoch that this row has raised: the same one when the row comes again. */
  #raiseUnknown(change: RowChange, rule: CompiledRule, name: TableName, out: Output): TableRules | null {
    out.invalidations.push(epochRaise(rule, change, name, out.context));
    this.#raise([epochId(name)], change.version);
    return this.#binder.rulesOf(change.table);
  }

  #raise(ids: readonly string[], version: Version): void {
    const epochs = new Map(this.#binder.epochs);
    for (const id of ids) epochs.set(id, version);
    this.#binder.use(epochs);
  }

  #endTransaction({ invalidations, context }: Output): void {
    for (const flush of this.#collapse.end(context)) invalidations.push(flush);
  }

  #finish({ invalidations, letters, waiting, context }: Output): Evaluation {
    const all =
      waiting?.mergeInto(invalidations, {
        onFailure: ({ rule, change, origin }, error) => {
          const reason = reasonOf(error);
          letters.push(unmappedLetter(rule.rule.name, change, origin, reason));
          return isLookupBroken(error) ? this.#breakLookup(rule, change, reason, context) : [];
        },
        onAnswer: ({ name }) => this.#brokenTables.answers(name),
      }) ?? invalidations;
    for (const [rule, count] of this.#nullKeys) this.#metrics.count('sluice_null_keys_total', { rule }, count);
    this.#nullKeys.clear();
    this.#noteLargeRows();
    return { invalidations: all, letters, epochs: this.#binder.epochs };
  }

  #noteLargeRows(): void {
    for (const [rule, rows] of this.#largeRows) {
      this.#metrics.count('sluice_oversized_refreshes_total', { rule }, rows);
      this.#logger?.warn({ rule, rows }, 'rows too large to be stored: their keys are deleted instead');
    }
    this.#largeRows.clear();
  }
}
