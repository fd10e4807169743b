import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { RowChange, Table } from '../../model/row-change.ts';
import { SluiceError } from '../../runtime/errors.ts';
import { shown } from '../../runtime/config/shown.ts';
import type { Condition } from './condition.ts';
import { checkCondition, type ConditionReads } from './condition-check.ts';
import { UndecidedError, reasonOf, wrongExpression } from './condition-mistake.ts';
import { nullIsNothing } from './condition-null.ts';
import { MAX_MATCHED_LENGTH } from './condition-pattern.ts';
import { conversionOf, image, type BoundColumn } from './condition-values.ts';
import { wrong, type Parsed } from '../schema/text-problem.ts';

const MAX_LENGTH = 4096;

const LANGUAGE = nullIsNothing(
  new Environment({
    // Conditions are short. Whoever needs more than this has written something else.
    limits: { maxAstNodes: 500, maxDepth: 32, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 8 },
    homogeneousAggregateLiterals: false,
  })
    .registerVariable('before', 'map')
    .registerVariable('after', 'map')
    .registerVariable('op', 'string')
    .registerVariable('table', 'string')
    .registerVariable('database', 'string'),
);

const FUNCTIONS: ReadonlySet<string> = new Set(LANGUAGE.getDefinitions().functions.map(({ name }) => name));

/** A `when:` in the Common Expression Language (docs/rules.md). Everything that can be told without a row is told here. */
export function parseCondition(text: string): Parsed<CelCondition> {
  if (text.trim() === '')
    return wrong(0, 'a condition cannot be empty', 'Leave the option out: every row counts then.');
  if (text.length > MAX_LENGTH) {
    return wrong(
      MAX_LENGTH,
      `longer than ${MAX_LENGTH} characters`,
      'Use several rules, each with a shorter condition.',
    );
  }
  try {
    const { problems, reads } = checkCondition(LANGUAGE.parse(text).ast, FUNCTIONS);
    if (problems.length > 0) return { problems };
    const evaluate = compile(text, reads);
    const checked = evaluate.check();
    if (checked.error !== undefined) return wrongExpression(checked.error, text);
    if (checked.type === 'bool') return { ok: new CelCondition(text, evaluate, reads) };
    return wrong(0, 'gives neither true nor false', "Compare something, as in `after.status == 'active'`.");
  } catch (error) {
    return wrongExpression(error, text);
  }
}

/**
 * The library's own `matches` compiles the pattern for every row and takes texts of any length. Ours has another name, of the same
 * length, so that every place stays what it is.
 */
function compile(text: string, { matches }: ConditionReads): ParseResult {
  if (matches.length === 0) return LANGUAGE.parse(text);
  const compiled = new Map<string, RegExp>();
  const bounded = (value: string, source: string): boolean => {
    if (value.length > MAX_MATCHED_LENGTH) {
      throw new UndecidedError(`a text of more than ${MAX_MATCHED_LENGTH} characters is too long for \`matches\``);
    }
    let pattern = compiled.get(source);
    if (pattern === undefined) compiled.set(source, (pattern = new RegExp(source)));
    return pattern.test(value);
  };
  const renamed = matches.reduce((all, at) => `${all.slice(0, at)}MATCHES${all.slice(at + 'MATCHES'.length)}`, text);
  return LANGUAGE.clone().registerFunction('string.MATCHES(string): bool', bounded).parse(renamed);
}

interface BoundImages {
  readonly before: readonly BoundColumn[];
  readonly after: readonly BoundColumn[];
}

/** Converts only the columns that are read: finding them costs once per table definition. */
export class CelCondition implements Condition {
  readonly text: string;
  readonly reads: ConditionReads;
  readonly columns: readonly string[];
  readonly #evaluate: (context: Readonly<Record<string, unknown>>) => unknown;
  readonly #bound = new WeakMap<Table, BoundImages>();
  /** How messages call it. */
  readonly #name: string;

  constructor(
    text: string,
    evaluate: (context: Record<string, unknown>) => unknown,
    reads: ConditionReads,
    rule?: string,
  ) {
    this.text = text;
    this.#name = rule === undefined ? `\`when: ${shown(text)}\`` : `rule \`${rule}\`: \`when: ${shown(text)}\``;
    this.reads = reads;
    this.columns = [...new Set([...reads.before, ...reads.after].map(({ column }) => column))];
    this.#evaluate = evaluate;
  }

  /** The same, with the name of its rule in what it throws. */
  of(rule: string): CelCondition {
    return new CelCondition(this.text, this.#evaluate, this.reads, rule);
  }

  matches(change: RowChange): boolean {
    const { table, operation } = change;
    let bound = this.#bound.get(table);
    if (bound === undefined) this.#bound.set(table, (bound = this.#bind(table)));
    const before = image(bound.before, change.before);
    const after = image(bound.after, change.after);
    const context = { before, after, op: operation, table: table.name, database: table.database };
    let result: unknown;
    try {
      result = this.#evaluate(context);
    } catch (error) {
      throw this.#failed(error);
    }
    if (typeof result === 'boolean') return result;
    throw this.#failed(new UndecidedError('it gave neither true nor false'));
  }

  #bind(table: Table): BoundImages {
    const find = ({ column: name }: { readonly column: string }): BoundColumn => {
      const lower = name.toLowerCase();
      const column = table.columnsByName.get(name) ?? table.columns.find((each) => each.name.toLowerCase() === lower);
      if (column !== undefined) return { name, column, convert: conversionOf(column) };
      const names = table.columns.map((each) => each.name).join(', ');
      throw new SluiceError(
        'RULE_COLUMN_MISSING',
        `${this.#name} needs column \`${name}\`, but ${table.database}.${table.name} has: ${names}`,
      );
    };
    return { before: this.reads.before.map(find), after: this.reads.after.map(find) };
  }

  #failed(error: unknown): SluiceError {
    return new SluiceError('RULE_CONDITION_FAILED', `${this.#name}: ${reasonOf(error)}`);
  }
}
