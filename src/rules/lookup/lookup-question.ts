import type { Column, JsonValue, Row, RowChange, Table } from '../../model/row-change.ts';
import { columnOf, jsonOf } from '../evaluate/column-reader.ts';
import type { CompiledRule } from '../rule-set.ts';

/** One list of parameters. */
export interface LookupQuestion {
  readonly database: string;
  readonly parameters: readonly JsonValue[];
  /** The same for the same question of the same rule. */
  readonly id: string;
}

/** What the images of a row change ask; the same object when both ask the same. */
export interface RowQuestions {
  readonly before: LookupQuestion | null;
  readonly after: LookupQuestion | null;
}

/** The parameters of a rule's lookup, found in one table. */
export class LookupParameters {
  readonly columns: readonly Column[];
  readonly #database: string;

  constructor(parameters: readonly string[], table: Table, { name }: CompiledRule) {
    this.columns = parameters.map((parameter) => columnOf(table, parameter, name));
    this.#database = table.database;
  }

  questionsOf({ before, after }: RowChange): RowQuestions {
    const now = after === null ? null : this.#question(after);
    const old = before === null ? null : this.#question(before);
    return { before: old?.id === now?.id ? now : old, after: now };
  }

  #question(row: Row): LookupQuestion {
    const parameters = this.columns.map((column) => jsonOf(row, column));
    return { database: this.#database, parameters, id: JSON.stringify([this.#database, ...parameters]) };
  }
}
