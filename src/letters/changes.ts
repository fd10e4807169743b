/** Rows that a rule could not be applied to, evaluated again with the rules of today. */
import { lookupFor, NO_METRICS } from '../explain.ts';
import type { Invalidation } from '../model/invalidation.ts';
import { NO_EPOCHS } from '../model/position.ts';
import type { JsonValue, Operation, RowChange, Table } from '../model/row-change.ts';
import type { Clock, RowLookup } from '../ports.ts';
import { RuleEvaluator } from '../rules/evaluate/evaluate.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { tableOfJson } from '../rules/testing/table-of-json.ts';
import type { Config } from '../runtime/config/config.ts';
import { readTables, type TableDescription } from '../source/tables.ts';
import type { LetterContent } from '../transport/dead-letter-decoder.ts';

type ChangeContent = Extract<LetterContent, { kind: 'change' }>;
type Image = Readonly<Record<string, JsonValue>> | null;

/** What a change means today, or why that cannot be said. */
export type Revaluation = readonly Invalidation[] | string;

export interface LetterChangesOptions {
  readonly config: Config;
  readonly ruleSet: RuleSet;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks the source for the types of the columns, once, and whatever lookups the rules have. */
export class LetterChanges {
  readonly #options: LetterChangesOptions;
  readonly #lookup: RowLookup | null;
  #tables: Promise<readonly TableDescription[]> | undefined;

  constructor(options: LetterChangesOptions) {
    this.#options = options;
    this.#lookup = lookupFor(options.config, [options.ruleSet], options.clock);
  }

  async evaluate(content: ChangeContent): Promise<Revaluation> {
    const { ruleSet, clock, signal } = this.#options;
    const rules = ruleSet.rules.filter(({ name }) => name === content.rule);
    if (rules.length === 0) return `there is no rule \`${content.rule}\` any more: nothing says which keys the row has`;
    if (content.images === null) {
      return 'the row was too large to be kept: change the row in the database (any UPDATE will do), or flush the keys of the rule';
    }
    const change = await this.#changeOf(content, content.images);
    if (change === null) return `the letter says ${content.origin.operation}, but its images are of something else`;
    const evaluator = new RuleEvaluator({
      ruleSet: { ...ruleSet, rules },
      metrics: NO_METRICS,
      clock,
      lookup: this.#lookup,
    });
    const end = { coordinates: content.origin.coordinates, gtids: [], lastVersion: content.version };
    const batch = { changes: [change], sizeBytes: 0, end, commitTimeMs: content.origin.commitTimeMs };
    const context = { captureTimeMs: clock.now(), epochs: NO_EPOCHS, signal };
    const { invalidations, letters } = await evaluator.evaluate(batch, context);
    const [letter] = letters;
    if (letter !== undefined) return letter.reason;
    if (!invalidations.some(({ action }) => action === 'epoch')) return invalidations;
    return 'its keys hold {@epoch}, and the epoch of then is not known: change the row in the database, or flush the keys of the rule';
  }

  async close(): Promise<void> {
    await this.#lookup?.close();
  }

  async #changeOf(
    { origin, version }: ChangeContent,
    { before, after }: { before: Image; after: Image },
  ): Promise<RowChange | null> {
    if (!fits(origin.operation, before, after)) return null;
    const description = (await this.#described()).find(
      ({ database, name }) => database === origin.database && name === origin.table,
    );
    const types = new Map(description?.columns.map(({ name, columnType }) => [name, columnType]));
    const primaryKey = Object.keys(origin.primaryKey ?? {});
    const { table, rowOf }: { table: Table; rowOf: (image: Image) => RowChange['before'] } = tableOfJson(
      { database: origin.database, name: origin.table, primaryKey, types },
      [before, after],
    );
    const { gtid, coordinates: begin, commitTimeMs } = origin;
    const transaction = { gtid, begin, commitTimeUs: Math.round(commitTimeMs * 1000) };
    const operation = origin.operation as Operation;
    return { kind: 'row', operation, table, before: rowOf(before), after: rowOf(after), version, transaction };
  }

  #described(): Promise<readonly TableDescription[]> {
    const { source } = this.#options.config;
    return (this.#tables ??= readTables(source.address, source.connectTimeoutMs));
  }
}

function fits(operation: string, before: Image, after: Image): boolean {
  if (operation === 'insert') return before === null && after !== null;
  if (operation === 'delete') return before !== null && after === null;
  return operation === 'update' && before !== null && after !== null;
}
