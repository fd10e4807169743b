import type { EvaluatedBatch } from '../explain.ts';
import { formatCoordinates, type BinlogCoordinates } from '../model/position.ts';
import type { Invalidation } from '../model/invalidation.ts';
import type { Change } from '../model/row-change.ts';
import type { DeadLetter } from '../ports.ts';
import { Explainer, type Evaluated } from '../rules/explain/explain.ts';
import { differenceOf, isSame, type Difference } from '../rules/explain/explain-difference.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { matchesGlob } from '../runtime/glob.ts';
import { filtered, isOfTable, type ExplainFilter } from './explain-filter.ts';
import { formatDifference, formatExplanation, type FormatOptions } from './explain-format.ts';
import { differenceJson, explanationJson } from './explain-json.ts';
import { ExplainSummary } from './explain-summary.ts';
import { ProgressLine } from './progress.ts';
import { COLOURED, PLAIN } from './test-format.ts';

export interface PrinterOptions {
  /** One: its explanations are printed. Two: the difference that the second makes. */
  readonly ruleSets: readonly RuleSet[];
  readonly filter: ExplainFilter;
  readonly partitions: number | null;
  readonly values: boolean;
  readonly json: boolean;
}

/** Prints what `sluice explain` found, batch by batch, and at the end a line that counts it. */
export class ExplainPrinter {
  readonly #options: PrinterOptions;
  readonly #format: FormatOptions;
  readonly #explainer: Explainer | null;
  readonly #summary = new ExplainSummary();
  readonly #progress = new ProgressLine();
  #readUntil: BinlogCoordinates | null = null;

  constructor(options: PrinterOptions) {
    this.#options = options;
    const [first, second] = options.ruleSets;
    this.#explainer = first === undefined || second !== undefined ? null : new Explainer(first);
    this.#format = { ...options, paint: process.stdout.isTTY ? COLOURED : PLAIN };
  }

  print({ batch, evaluations }: EvaluatedBatch): void {
    this.#readUntil = batch.end?.coordinates ?? this.#readUntil;
    for (const change of batch.changes) this.#summary.note(change);
    const [first, second] = evaluations;
    if (first !== undefined && second !== undefined) this.#printDifferences(batch.changes, first, second);
    else if (first !== undefined) {
      for (const explanation of this.#explainer?.explain(batch, first) ?? []) {
        const shown = filtered(explanation, this.#options.filter);
        // What no rule is about is counted also when it is not shown: it may be a mistake in `table`.
        if (shown !== null || explanation.rules.length === 0) this.#summary.noteShown(shown ?? explanation);
        if (shown === null) continue;
        this.#lines(
          this.#options.json
            ? [JSON.stringify(explanationJson(shown, this.#options))]
            : [...formatExplanation(shown, this.#format), ''],
        );
      }
    }
    this.#progress.show(this.#summary.progress);
  }

  /** Before somebody else prints. */
  clearProgress(): void {
    this.#progress.clear();
  }

  /** An event behind what was printed cannot be decoded. */
  endAtUndecodable(): void {
    this.end();
    const place = this.#readUntil === null ? 'its beginning' : formatCoordinates(this.#readUntil);
    console.error(`explained up to ${place}; then comes an event that cannot be decoded: begin behind it with --from`);
  }

  end(): void {
    this.#progress.clear();
    const text = this.#explainer === null ? this.#summary.differenceText() : this.#summary.text();
    // A program that reads the objects wants nothing else among them.
    if (this.#options.json) console.error(text);
    else console.log(text);
  }

  #printDifferences(changes: readonly Change[], first: Evaluated, second: Evaluated): void {
    const [before, after] = this.#options.ruleSets;
    if (before === undefined || after === undefined) return;
    const [old, now] = [byVersion(changes, first), byVersion(changes, second)];
    for (const change of changes) {
      const { filter } = this.#options;
      if (filter.table !== undefined && !isOfTable(change, filter.table)) continue;
      const difference = differenceOf(
        { ruleSet: before, evaluated: this.#asked(old.get(change.version)) },
        { ruleSet: after, evaluated: this.#asked(now.get(change.version)) },
      );
      if (!isSame(difference)) this.#printDifference(change, difference);
    }
  }

  #printDifference(change: Change, difference: Difference): void {
    this.#summary.noteDifference(difference);
    this.#lines(
      this.#options.json
        ? [JSON.stringify(differenceJson(change, difference, this.#options))]
        : [...formatDifference(change, difference, this.#format), ''],
    );
  }

  #asked(evaluated: Evaluated = { invalidations: [], letters: [] }): Evaluated {
    const { key, rule } = this.#options.filter;
    return {
      invalidations: evaluated.invalidations.filter(
        (each) => (key === undefined || matchesGlob(key, each.key)) && (rule === undefined || each.rule === rule),
      ),
      letters: evaluated.letters.filter(
        ({ item }) => rule === undefined || (item.kind === 'unmapped' && item.rule === rule),
      ),
    };
  }

  #lines(lines: readonly string[]): void {
    this.#progress.clear();
    for (const line of lines) console.log(line);
  }
}

/** Each change with what it caused; what has the version of none of them goes with the last. */
function byVersion(changes: readonly Change[], { invalidations, letters }: Evaluated): Map<number, Evaluated> {
  const all = new Map<number, { invalidations: Invalidation[]; letters: DeadLetter[] }>(
    changes.map(({ version }) => [version, { invalidations: [], letters: [] }]),
  );
  const last = changes.at(-1)?.version ?? 0;
  const of = (version: number) => all.get(version) ?? all.get(last);
  for (const invalidation of invalidations) of(invalidation.version)?.invalidations.push(invalidation);
  for (const letter of letters) {
    of(letter.item.kind === 'unmapped' ? letter.item.version : last)?.letters.push(letter);
  }
  return all;
}
