import type { Invalidation } from '../../model/invalidation.ts';
import type { Change, ChangeBatch, RowChange, Transaction } from '../../model/row-change.ts';
import type { Version } from '../../model/version.ts';
import type { DeadLetter } from '../../ports.ts';
import { errorMessage } from '../../runtime/errors.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { whyNoKey, whyNotTable, whyPassedOver, whyYes } from './explain-reasons.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';

/**
 * `matched`: the rule acts. Else why it does not: another `table`, an `operation` that is not in `on`, none of its `columns`
 * changed, its `condition` is false, a `null` in every key, `no_key` (an empty list, a lookup that found nothing), `collapsed` into one
 * flush for the rest of the transaction, a table change it is told to `ignore`, or a `dead_letter`.
 */
export type VerdictKind =
  | 'matched'
  | 'table'
  | 'operation'
  | 'columns'
  | 'condition'
  | 'null'
  | 'no_key'
  | 'collapsed'
  | 'ignore'
  | 'dead_letter';

export interface Verdict {
  readonly kind: VerdictKind;
  /** In words; of a match, what made it match. */
  readonly reason: string;
}

export interface RuleExplanation {
  readonly rule: string;
  readonly verdict: Verdict;
  readonly invalidations: readonly Invalidation[];
}

export interface ChangeExplanation {
  readonly change: Change;
  /** The rules about its table, in their order. */
  readonly rules: readonly RuleExplanation[];
  /** How many rules are about other tables. */
  readonly otherRules: number;
}

/** What the evaluator made of the batch; explanations never make anything up beside it. */
export type Evaluated = Pick<Evaluation, 'invalidations' | 'letters'>;

/**
 * Says for every change of a batch which rules acted and why the others did not. What happened is the evaluation's; only the
 * reasons are found here. Batches come in order, as to the evaluator: a transaction may come in several.
 */
export class Explainer {
  readonly #ruleSet: RuleSet;
  readonly #byName = new Map<string, readonly CompiledRule[]>();
  /** How many rows of the transaction at hand each rule has looked at. */
  readonly #rows = new Map<CompiledRule, number>();
  #transaction: Transaction | null = null;

  constructor(ruleSet: RuleSet) {
    this.#ruleSet = ruleSet;
  }

  explain(batch: ChangeBatch, evaluated: Evaluated): ChangeExplanation[] {
    const happened = new Happened(batch, evaluated);
    return batch.changes.map((change, index): ChangeExplanation => {
      const about = this.#rulesAbout(change, happened);
      const rules = about.map((rule) => this.#explainRule(rule, change, happened));
      const strays = index === batch.changes.length - 1 ? happened.strays() : [];
      return { change, rules: [...rules, ...strays], otherRules: this.#ruleSet.rules.length - about.length };
    });
  }

  #explainRule(rule: CompiledRule, change: Change, happened: Happened): RuleExplanation {
    const invalidations = happened.of(change.version, rule.name);
    const letter = happened.letterOf(change.version, rule.name);
    return { rule: rule.name, invalidations, verdict: this.#verdict(rule, change, invalidations, letter) };
  }

  #verdict(
    rule: CompiledRule,
    change: Change,
    invalidations: readonly Invalidation[],
    letter: DeadLetter | undefined,
  ): Verdict {
    // That a row is the first of its table, and so raises the epoch, is not what the rule does about it.
    const acted = invalidations.some(({ action }) => change.kind === 'table' || action !== 'epoch');
    try {
      if (change.kind === 'table') {
        return acted ? { kind: 'matched', reason: whyYes(rule, change) } : whyNotTable(rule, change);
      }
      const passedOver = whyPassedOverOrFailed(rule, change);
      if ((passedOver === null || passedOver.kind === 'dead_letter') && this.#isCollapsed(rule, change)) {
        const reason = `more than ${rule.flushAboveRows} rows in the transaction (\`flush_above_rows\`): one flush for the rest`;
        return { kind: 'collapsed', reason };
      }
      if (letter !== undefined) return { kind: 'dead_letter', reason: letter.reason };
      if (acted) return { kind: 'matched', reason: whyYes(rule, change) };
      return passedOver ?? whyNoKey(rule, change);
    } catch (error) {
      return { kind: 'dead_letter', reason: letter?.reason ?? errorMessage(error) };
    }
  }

  /** Counts the row; the evaluator counts the same ones. */
  #isCollapsed(rule: CompiledRule, { transaction }: RowChange): boolean {
    if (transaction !== this.#transaction) this.#rows.clear();
    this.#transaction = transaction;
    const rows = (this.#rows.get(rule) ?? 0) + 1;
    this.#rows.set(rule, rows);
    return rule.flushAboveRows !== null && rows > rule.flushAboveRows;
  }

  #rulesAbout(change: Change, happened: Happened): readonly CompiledRule[] {
    const [database, table] =
      change.kind === 'row' ? [change.table.database, change.table.name] : [change.database, change.table];
    // A whole database: which tables it had, nobody knows any more; whoever acted is about it.
    if (database === null || table === null) {
      return this.#ruleSet.rules.filter(({ name }) => happened.of(change.version, name).length > 0);
    }
    const name = `${database}\u0000${table}`;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const rules = this.#ruleSet.rules.filter(({ tables }) =>
      tables.some((pattern) => pattern.matches(database, table)),
    );
    this.#byName.set(name, rules);
    return rules;
  }
}

/** A row that cannot be judged counts toward `flush_above_rows`, as it does for the evaluator. */
function whyPassedOverOrFailed(rule: CompiledRule, change: RowChange): Verdict | null {
  try {
    return whyPassedOver(rule, change);
  } catch (error) {
    return { kind: 'dead_letter', reason: errorMessage(error) };
  }
}

/** What happened in a batch, by the version of the change and by rule. */
class Happened {
  readonly #invalidations = new Map<string, Invalidation[]>();
  readonly #letters = new Map<string, DeadLetter>();
  /** By rule, what has the version of no change of the batch: the flush for rows of an earlier one. */
  readonly #strays = new Map<string, Invalidation[]>();

  constructor({ changes }: ChangeBatch, { invalidations, letters }: Evaluated) {
    const versions = new Set(changes.map(({ version }) => version));
    for (const invalidation of invalidations) {
      const { version, rule } = invalidation;
      if (versions.has(version)) add(this.#invalidations, identity(version, rule), invalidation);
      else add(this.#strays, rule, invalidation);
    }
    for (const letter of letters) {
      if (letter.item.kind === 'unmapped') this.#letters.set(identity(letter.item.version, letter.item.rule), letter);
    }
  }

  /** Shown with the last change: nothing that happened may be left out. */
  strays(): RuleExplanation[] {
    const verdict: Verdict = { kind: 'collapsed', reason: 'for rows earlier in the transaction (`flush_above_rows`)' };
    return [...this.#strays].map(([rule, invalidations]) => ({ rule, verdict, invalidations }));
  }

  of(version: Version, rule: string): readonly Invalidation[] {
    return this.#invalidations.get(identity(version, rule)) ?? [];
  }

  letterOf(version: Version, rule: string): DeadLetter | undefined {
    return this.#letters.get(identity(version, rule));
  }
}

function add(lists: Map<string, Invalidation[]>, id: string, invalidation: Invalidation): void {
  const list = lists.get(id);
  if (list === undefined) lists.set(id, [invalidation]);
  else list.push(invalidation);
}

function identity(version: Version, rule: string): string {
  return `${version} ${rule}`;
}
