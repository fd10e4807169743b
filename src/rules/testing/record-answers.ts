import type { LookupRequest, RowLookup } from '../../ports.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import type { Masker } from './mask.ts';
import { writtenValue, type RecordedTables } from './record-tables.ts';
import { EMPTY_LOOKUP, type SeenAnswer } from './recording-lookup.ts';

export interface RecordedAnswer {
  readonly parameters: object;
  readonly rows: readonly object[];
}

/** Answers of lookups for the file, by rule; masked like the rows that ask for them. */
export class RecordedAnswers {
  readonly #ruleSet: RuleSet;
  readonly #tables: RecordedTables;
  readonly #masker: Masker | null;
  readonly #answers = new Map<string, RecordedAnswer & { readonly rule: string }>();

  constructor(ruleSet: RuleSet, tables: RecordedTables, masker: Masker | null) {
    this.#ruleSet = ruleSet;
    this.#tables = tables;
    this.#masker = masker;
  }

  get byRule(): Readonly<Record<string, readonly RecordedAnswer[]>> {
    const lookups: Record<string, RecordedAnswer[]> = {};
    for (const { rule, parameters, rows } of this.#answers.values()) (lookups[rule] ??= []).push({ parameters, rows });
    return lookups;
  }

  /** What the real rows asked, and was found. */
  addReal({ sql, parameters, rows }: SeenAnswer): void {
    const rule = this.#ruleAsking(sql);
    if (rule === undefined) return;
    const typeOf = (name: string, value: unknown): string => this.#tables.typeOf(rule, name) ?? typeByLook(value);
    const named = namedParameters(rule, parameters).map(([name, value]): [string, unknown] => [
      name,
      this.#written(name, typeOf(name, value), value),
    ]);
    const found = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, this.#written(name, typeByLook(value), value)]),
      ),
    );
    this.#add(rule, Object.fromEntries(named), found);
  }

  /** What the rows of the file ask; added unless it is there. Masked rows may ask what no real row did. */
  addMasked({ sql, parameters, rows }: SeenAnswer): void {
    const rule = this.#ruleAsking(sql);
    if (rule !== undefined) this.#add(rule, Object.fromEntries(namedParameters(rule, parameters)), rows);
  }

  #add(rule: CompiledRule, parameters: object, rows: readonly object[]): void {
    const id = JSON.stringify([rule.name, parameters]);
    if (!this.#answers.has(id)) this.#answers.set(id, { rule: rule.name, parameters, rows });
  }

  /** One of them is enough: answers are found by the query. */
  #ruleAsking(sql: string): CompiledRule | undefined {
    return this.#ruleSet.rules.find(({ lookup }) => lookup?.sql === sql);
  }

  #written(column: string, type: string, value: unknown): string | number | null {
    if (value === null || value === undefined) return null;
    const text = plainText(value);
    return writtenValue(this.#masker?.mask(column, type, text) ?? text, type);
  }
}

/** The answers that are written down, and nothing where there is none. */
export function orNothing(answers: RowLookup): RowLookup {
  const one = async (request: LookupRequest, parameters: LookupRequest['parameters'][number]) => {
    const single = { ...request, parameters: [parameters] };
    const found = await answers.find(single).catch(() => EMPTY_LOOKUP.find(single));
    return found[0] ?? [];
  };
  return {
    find: (request) => Promise.all(request.parameters.map((parameters) => one(request, parameters))),
    close: () => Promise.resolve(),
  };
}

function namedParameters({ lookup }: CompiledRule, values: readonly unknown[]): [string, unknown][] {
  return (lookup?.parameters ?? []).map((name, index) => [name, values[index] ?? null]);
}

/** Answers are texts without a type: what they look like decides which stand-ins they share. */
function typeByLook(value: unknown): string {
  const text = plainText(value);
  if (/^-?\d{1,20}$/.test(text)) return 'bigint unsigned';
  return /^-?\d+\.\d+$/.test(text) ? 'decimal' : 'varchar';
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
