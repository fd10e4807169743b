import type { Invalidation } from '../../model/invalidation.ts';
import type { RowChange } from '../../model/row-change.ts';
import type { BoundRule } from '../evaluate/bound-rule.ts';
import { LookupBatch } from './lookup-batch.ts';
import type { RowQuestions } from './lookup-question.ts';
import type { LookupReader } from './lookup-reader.ts';
import type { RowOrigin } from '../../model/row-origin.ts';
import type { CompiledRule } from '../rule-set.ts';

/** A row whose keys wait for what its batch looks up. */
interface WaitingRow {
  readonly rule: BoundRule;
  readonly change: RowChange;
  readonly origin: RowOrigin;
  readonly questions: RowQuestions;
  /** How many invalidations of the batch come before its own. */
  readonly at: number;
}

export interface MergeOptions {
  /** What there is to say in place of the row's own invalidations. */
  readonly onFailure: (row: Omit<WaitingRow, 'questions' | 'at'>, error: unknown) => readonly Invalidation[];
  /** A row whose lookup found something, and which all of its keys could be built from. */
  readonly onAnswer: (rule: CompiledRule) => void;
}

/** The rows of one batch that need lookups, in their order. */
export class WaitingRows {
  readonly #lookups: LookupBatch;
  readonly #rows: WaitingRow[] = [];

  constructor(reader: LookupReader) {
    this.#lookups = new LookupBatch(reader);
  }

  /** Throws RULE_COLUMN_MISSING when an image lacks a parameter. */
  add(rule: BoundRule, change: RowChange, origin: RowOrigin, at: number): void {
    const { memory, parameters } = rule;
    if (parameters === null) return;
    const questions = parameters.questionsOf(change);
    memory.answers?.seen(change.transaction.gtid);
    this.#lookups.ask(memory, questions);
    this.#rows.push({ rule, change, origin, questions, at });
  }

  /** Null: everything was remembered. Else resolves when everything is found; rejects with the signal's reason. */
  resolve(signal: AbortSignal): Promise<void> | null {
    return this.#lookups.resolve(signal);
  }

  /** The invalidations of the batch with those of these rows where they belong. */
  mergeInto(others: readonly Invalidation[], { onFailure, onAnswer }: MergeOptions): Invalidation[] {
    const merged: Invalidation[] = [];
    let copied = 0;
    for (const { rule, change, origin, questions, at } of this.#rows) {
      while (copied < at) copied = copyOne(others, copied, merged);
      const { length } = merged;
      try {
        const answers = this.#lookups.answersOf(rule.memory, questions);
        rule.emitAnswered(change, origin, answers, merged);
        if (answers.before.length + answers.after.length > 0) onAnswer(rule.rule);
      } catch (error) {
        // Half of a row's keys would look like all of them.
        merged.length = length;
        merged.push(...onFailure({ rule, change, origin }, error));
      }
    }
    while (copied < others.length) copied = copyOne(others, copied, merged);
    return merged;
  }
}

function copyOne(from: readonly Invalidation[], index: number, to: Invalidation[]): number {
  const invalidation = from[index];
  if (invalidation !== undefined) to.push(invalidation);
  return index + 1;
}
