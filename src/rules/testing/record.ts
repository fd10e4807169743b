import { stringify } from 'yaml';
import type { Change, ChangeBatch, TableChange } from '../../model/row-change.ts';
import { formatCoordinates } from '../../model/position.ts';
import type { Clock } from '../../ports.ts';
import { formatDuration } from '../../runtime/config/units.ts';
import type { RuleSet } from '../rule-set.ts';
import type { Masker } from './mask.ts';
import { maskEffects, type MaskEffects } from './mask-effects.ts';
import type { Outcome } from './outcomes.ts';
import { orNothing, RecordedAnswers } from './record-answers.ts';
import { RecordedTables } from './record-tables.ts';
import { RecordingLookup, type SeenAnswer } from './recording-lookup.ts';
import { outcomesOfBatch, passed, runTest } from './run-test.ts';
import { parseTestFile } from './test-file.ts';

export interface RecorderOptions {
  readonly ruleSet: RuleSet;
  /** Null: values are written as they are. */
  readonly masker: Masker | null;
  /** No more tests than this are taken. */
  readonly maxTests: number;
  /** Transactions with more changes of mapped tables than this are left out. */
  readonly maxChanges: number;
  readonly clock: Clock;
}

export interface RecordedFile {
  readonly text: string;
  readonly tests: number;
  /** What history and the file do not do alike, because of masking. */
  readonly masking: MaskEffects;
  /** Transactions left out because they were too large, or their table was altered in between. */
  readonly leftOut: number;
}

export interface FileFacts {
  /** Paths of the rules, relative to the test file. */
  readonly rules: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where the JSON Schema of test files lies, relative to the file, for editors; null: nowhere that is known. */
  readonly schema: string | null;
}

interface RecordedTest {
  readonly name: string;
  readonly changes: readonly object[];
  readonly real: readonly Change[];
}

/**
 * Real transactions → a file of rule tests. What is expected is what the rules do with the rows as they are written down, not with
 * the real ones: so the file passes as it is, and shows later when the rules mean something else.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #tables: RecordedTables;
  readonly #tests: RecordedTest[] = [];
  #leftOut = 0;
  #open: { readonly id: string; readonly changes: Change[] } | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#tables = new RecordedTables(options.ruleSet, options.masker);
  }

  get isFull(): boolean {
    return this.#tests.length >= this.#options.maxTests;
  }

  /** Takes what a rule is about. A transaction may come in several batches; batches come in order. */
  add(batch: ChangeBatch): void {
    for (const change of batch.changes) {
      const id = formatCoordinates(change.transaction.begin);
      if (this.#open?.id !== id) {
        this.#close();
        this.#open = { id, changes: [] };
      }
      // One more than allowed is enough to know that it is too large.
      if (this.#open.changes.length <= this.#options.maxChanges && this.#isMapped(change))
        this.#open.changes.push(change);
    }
    if (batch.end !== null) this.#close();
  }

  /** `lookups`: what the real rows asked for, and was found. */
  async finish(facts: FileFacts, lookups: readonly SeenAnswer[]): Promise<RecordedFile> {
    this.#close();
    const { ruleSet, masker, clock } = this.#options;
    const answers = new RecordedAnswers(ruleSet, this.#tables, masker);
    for (const answer of lookups) answers.addReal(answer);
    const file = parseTestFile(
      'recorded',
      this.#write(facts, answers, () => []),
    );
    const asked = new RecordingLookup(orNothing(file.answers(ruleSet)));
    const outcomes: Outcome[][] = [];
    for (const { batch, epochs } of file.tests) {
      outcomes.push(await outcomesOfBatch(batch, epochs, { ruleSet, lookup: asked, clock }));
    }
    for (const answer of asked.answers) answers.addMasked(answer);
    const text = this.#write(facts, answers, (index) => (outcomes[index] ?? []).map(written));
    await this.#verify(text);
    const masking = maskEffects(
      this.#tests.map(({ real }) => real),
      file.tests.map(({ batch }) => batch.changes),
      ruleSet,
    );
    return { text, tests: this.#tests.length, masking, leftOut: this.#leftOut };
  }

  #close(): void {
    const changes = this.#open?.changes ?? [];
    this.#open = null;
    if (changes.length === 0 || this.isFull) return;
    const rows =
      changes.length > this.#options.maxChanges ? [null] : changes.map((change) => this.#writeChange(change));
    const all = rows.filter((row) => row !== null);
    if (all.length < rows.length) this.#leftOut++;
    else this.#tests.push({ name: `${this.#tests.length + 1}: ${titleOf(changes)}`, changes: all, real: changes });
  }

  #isMapped(change: Change): boolean {
    if (change.kind === 'row') return this.#tables.rulesAbout(change.table.database, change.table.name).length > 0;
    return (
      change.database === null ||
      change.table === null ||
      this.#tables.rulesAbout(change.database, change.table).length > 0
    );
  }

  #writeChange(change: Change): object | null {
    if (change.kind === 'row') return this.#tables.write(change);
    // A statement whose database cannot be read, rows that nobody knows: a test has no way to write it.
    if (change.database === null || change.operation === 'unknown_rows') return null;
    if (change.table === null) return { database: change.database, drop: true };
    return { table: `${change.database}.${change.table}`, [change.operation]: true };
  }

  #write(
    { rules, environment, schema }: FileFacts,
    answers: RecordedAnswers,
    expected: (index: number) => readonly object[],
  ): string {
    const lookups = answers.byRule;
    const document = {
      rules: rules.length === 1 ? rules[0] : rules,
      ...(Object.keys(environment).length === 0 ? {} : { environment }),
      tables: this.#tables.all,
      ...(Object.keys(lookups).length === 0 ? {} : { lookups }),
      tests: this.#tests.map(({ name, changes }, index) => ({
        name,
        ...(changes.length === 1 ? { change: changes[0] } : { transaction: changes }),
        expect: expected(index),
      })),
    };
    return `${this.#header(schema)}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  }

  #header(schema: string | null): string {
    const editor = schema === null ? '' : `# yaml-language-server: $schema=${schema}\n`;
    const about =
      this.#options.masker === null
        ? '# Recorded from real history. The values are real: treat this file as you treat the data.\n'
        : '# Recorded from real history. Values are replaced by stand-ins of the same shape.\n';
    return `${editor}${about}`;
  }

  /** A recording that fails at once would be of no use to anybody. */
  async #verify(text: string): Promise<void> {
    const { ruleSet, clock } = this.#options;
    const file = parseTestFile('recorded', text);
    const lookup = file.answers(ruleSet);
    for (const test of file.tests) {
      if (!passed(await runTest(test, { ruleSet, lookup, clock }))) throw new Error(`recorded test ${test.name} fails`);
    }
  }
}

function titleOf(changes: readonly Change[]): string {
  const counts = new Map<string, number>();
  for (const change of changes) {
    const table = change.kind === 'row' ? `${change.table.database}.${change.table.name}` : nameOf(change);
    const what = `${change.operation} ${table}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => (count === 1 ? what : `${what} (${count})`)).join(', ');
}

function nameOf({ database, table }: Pick<TableChange, 'database' | 'table'>): string {
  return table === null ? (database ?? '*') : `${database}.${table}`;
}

function written({ action, subject, rule, partitionKey, againAfterMs, row, reason }: Outcome): object {
  const code = /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(reason ?? '')?.[0];
  return {
    [action]: subject,
    ...(action === 'dead_letter' ? (code === undefined ? {} : { reason: code }) : { rule }),
    ...(partitionKey === null || partitionKey === subject || action === 'flush' || action === 'epoch'
      ? {}
      : { partition_key: partitionKey }),
    ...(againAfterMs === null ? {} : { again_after: formatDuration(againAfterMs) }),
    ...(row === null ? {} : { row: row.state === 'gone' ? 'gone' : row.columns }),
    ...(action === 'flush' && reason !== null ? { reason } : {}),
  };
}
