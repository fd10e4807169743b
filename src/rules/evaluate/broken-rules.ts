import type { Table } from '../../model/row-change.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { RuleSet } from '../rule-set.ts';

/** A rule whose lookup cannot be read as it is written, or gives less than the keys need. */
interface BrokenLookup {
  readonly kind: 'lookup';
  readonly rule: string;
  readonly reason: string;
}

/** A rule and a table that lacks columns it needs. */
interface BrokenTable {
  readonly kind: 'table';
  readonly rule: string;
  readonly database: string;
  readonly table: string;
  /** Of the table when it was found: the same columns are the same definition. */
  readonly columns: string;
  readonly missing: readonly string[];
}

type Broken = BrokenTable | BrokenLookup;

/** The rules of all pipelines of the process that do not fit a table: what `/readyz` and the gauge say. */
export class BrokenRules {
  readonly #metrics: Pick<Metrics, 'set'>;
  readonly #byPipeline = new Map<string, Map<string, Broken>>();

  constructor(metrics: Pick<Metrics, 'set'>) {
    this.#metrics = metrics;
  }

  /** For another rule set of this pipeline: what was said about its last one is forgotten. */
  begin(pipeline: string, { rules }: Pick<RuleSet, 'rules'>): BrokenTables {
    const old = new Set([...(this.#byPipeline.get(pipeline)?.values() ?? [])].map(({ rule }) => rule));
    const broken = new Map<string, Broken>();
    this.#byPipeline.set(pipeline, broken);
    // A series that is there from the start makes the first 1 visible as a change.
    for (const rule of new Set([...rules.map(({ name }) => name), ...old])) this.#show(rule);
    return new BrokenTables(broken, (rule) => this.#show(rule));
  }

  /** Each once, for people. Empty: every rule fits its tables, as far as rows have come. */
  reasons(): string[] {
    const all = [...this.#byPipeline.values()].flatMap((broken) => [...broken.values()]);
    return [...new Set(all.map(reasonOf))];
  }

  #show(rule: string): void {
    const isBroken = [...this.#byPipeline.values()].some((broken) =>
      [...broken.values()].some((each) => each.rule === rule),
    );
    this.#metrics.set('sluice_rule_broken', { rule }, isBroken ? 1 : 0);
  }
}

/** The part of one pipeline's rule set. */
export class BrokenTables {
  readonly #broken: Map<string, Broken>;
  readonly #onChange: (rule: string) => void;

  constructor(broken: Map<string, Broken>, onChange: (rule: string) => void) {
    this.#broken = broken;
    this.#onChange = onChange;
  }

  /** True the first time for this definition of the table. */
  add(rule: string, { database, name: table, columns }: Table, missing: readonly string[]): boolean {
    const id = idOf(rule, database, table);
    const definition = columns.map(({ name }) => name).join('\u0000');
    const known = this.#broken.get(id);
    if (known?.kind === 'table' && known.columns === definition) return false;
    this.#broken.set(id, { kind: 'table', rule, database, table, columns: definition, missing });
    this.#onChange(rule);
    return true;
  }

  /** The table has come with all columns the rule needs. */
  fits(rule: string, { database, name }: Table): void {
    if (this.#broken.size > 0 && this.#broken.delete(idOf(rule, database, name))) this.#onChange(rule);
  }

  /** True the first time since the lookup last gave an answer. */
  addLookup(rule: string, reason: string): boolean {
    if (this.#broken.has(rule)) return false;
    this.#broken.set(rule, { kind: 'lookup', rule, reason });
    this.#onChange(rule);
    return true;
  }

  /** The lookup has given all that the keys need. */
  answers(rule: string): void {
    if (this.#broken.size > 0 && this.#broken.delete(rule)) this.#onChange(rule);
  }

  /** The table is gone, or another has its name: it can be judged again when a row comes. Null: any. */
  forget(database: string | null, table: string | null): void {
    for (const [id, broken] of this.#broken) {
      if (broken.kind === 'lookup') continue;
      if ((database !== null && broken.database !== database) || (table !== null && broken.table !== table)) continue;
      this.#broken.delete(id);
      this.#onChange(broken.rule);
    }
  }
}

function idOf(rule: string, database: string, table: string): string {
  // A NUL can stand in no MySQL name, and a lookup goes by its rule's name alone.
  return `${database}\u0000${table}\u0000${rule}`;
}

function reasonOf(broken: Broken): string {
  if (broken.kind === 'lookup') return `${broken.reason}; its rows go to the dead letters`;
  const { rule, database, table, missing } = broken;
  const columns = missing.length === 1 ? 'column' : 'columns';
  return `rule ${rule}: table ${database}.${table} has no ${columns} ${missing.join(', ')}; its rows go to the dead letters`;
}
