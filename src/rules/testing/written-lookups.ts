import type { JsonValue } from '../../model/row-change.ts';
import type { LookupRequest, RowLookup } from '../../ports.ts';
import { SluiceError, type Problem } from '../../runtime/errors.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import type { WrittenLookups } from './test-schema.ts';
import type { Report } from './written-tables.ts';

type FoundRow = Readonly<Record<string, string | null>>;

export type Question = Pick<LookupRequest, 'sql'> & { readonly parameters: readonly JsonValue[] };

/** Answers of lookups that somebody wrote down, by query and parameters; rules with the same query share them. */
export class WrittenAnswers implements RowLookup {
  readonly #rows = new Map<string, readonly FoundRow[]>();
  readonly #unanswered = new Map<string, Question>();

  /** What was asked and is not written down, each once. */
  get unanswered(): readonly Question[] {
    return [...this.#unanswered.values()];
  }

  add(sql: string, parameters: readonly unknown[], rows: readonly FoundRow[]): void {
    this.#rows.set(identity(sql, parameters), rows);
  }

  find(request: LookupRequest): Promise<readonly (readonly FoundRow[])[]> {
    try {
      return Promise.resolve(request.parameters.map((parameters) => this.#answer(request.sql, parameters)));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer(sql: string, parameters: readonly JsonValue[]): readonly FoundRow[] {
    const rows = this.#rows.get(identity(sql, parameters));
    if (rows !== undefined) return rows;
    this.#unanswered.set(identity(sql, parameters), { sql, parameters });
    const values = parameters.map((value) => textOf(value) ?? 'NULL').join(', ');
    // A refusal, not an outage: waiting brings no answer.
    throw new SluiceError('READ_REFUSED', `there is no answer for (${values}) under \`lookups\``);
  }
}

/** For each question that nobody answered, which rule asks it and how to write the answer. */
export function unansweredProblems(questions: readonly Question[], { rules }: RuleSet): Problem[] {
  return questions.map(({ sql, parameters }) => {
    const rule = rules.find(({ lookup }) => lookup?.sql === sql);
    const named = (rule?.lookup?.parameters ?? []).map((name, index) => [name, parameters[index] ?? null] as const);
    const values = [...new Map(named)].map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
    const name = rule?.name ?? 'rule';
    return {
      message: `the lookup of rule \`${name}\` needs an answer`,
      remedy: `Write \`{change: …, lookups: {${name}: [{parameters: {${values}}, rows: [{…}]}]}}\`, or name --config: then MySQL is asked.`,
    };
  });
}

/** The answers of a file, once the rules are known: their queries say in which order the parameters stand. */
export function readAnswers(written: WrittenLookups | undefined, ruleSet: RuleSet, report: Report): WrittenAnswers {
  const answers = new WrittenAnswers();
  for (const [name, list] of Object.entries(written ?? {})) {
    const rule = ruleSet.rules.find((each) => each.name === name);
    if (rule?.lookup === undefined || rule.lookup === null) {
      report(['lookups', name], `there is no rule \`${name}\` with a lookup`, remedyFor(ruleSet), 'key');
      continue;
    }
    const { sql } = rule.lookup;
    list.forEach(({ parameters, rows }, index) => {
      const values = ordered(rule, parameters, (message, remedy) =>
        report(['lookups', name, index, 'parameters'], message, remedy),
      );
      answers.add(sql, values, rows.map(textRow));
    });
  }
  return answers;
}

function ordered(
  { lookup, name }: CompiledRule,
  written: Readonly<Record<string, unknown>>,
  report: (message: string, remedy: string) => void,
): unknown[] {
  const wanted = lookup?.parameters ?? [];
  const byName = new Map(Object.entries(written).map(([parameter, value]) => [parameter.toLowerCase(), value]));
  const missing = wanted.filter((parameter) => !byName.has(parameter.toLowerCase()));
  const unknown = [...byName.keys()].filter((each) => !wanted.some((parameter) => parameter.toLowerCase() === each));
  if (missing.length > 0 || unknown.length > 0) {
    const remedy = `The lookup of \`${name}\` has the parameters ${[...new Set(wanted)].join(', ')}.`;
    report(`these are not the parameters of the lookup of \`${name}\``, remedy);
  }
  return wanted.map((parameter) => byName.get(parameter.toLowerCase()));
}

function remedyFor({ rules }: RuleSet): string {
  const names = rules.filter(({ lookup }) => lookup !== null).map(({ name }) => name);
  return names.length === 0 ? 'No rule has a lookup: remove it.' : `Rules with a lookup: ${names.join(', ')}.`;
}

function textRow(row: Readonly<Record<string, unknown>>): FoundRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)]));
}

function identity(sql: string, parameters: readonly unknown[]): string {
  return JSON.stringify([sql, ...parameters.map(textOf)]);
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
