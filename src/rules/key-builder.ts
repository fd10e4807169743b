import type { Column, Row, Table } from '../model/row-change.ts';
import { columnOf, sameValue, valueOf } from './column-reader.ts';
import type { KeyTemplate } from './key-template.ts';

export interface KeyBuilderOptions {
  readonly template: KeyTemplate;
  readonly table: Table;
  /** For the message when a column is missing. */
  readonly rule: string;
  /** Stands for NULL; null: no key is built from a row with a NULL. */
  readonly nullText: string | null;
}

/** A template bound to a table: one pass of concatenation per key, nothing looked up by name but the values. */
export class KeyBuilder {
  /** The fixed text before the first column. */
  readonly #head: string;
  /** Each column with the fixed text after it. */
  readonly #parts: { readonly column: Column; after: string }[] = [];
  readonly #nullText: string | null;

  constructor({ template, table, rule, nullText }: KeyBuilderOptions) {
    let head = '';
    for (const part of template.parts) {
      const last = this.#parts.at(-1);
      if (typeof part !== 'string') this.#parts.push({ column: columnOf(table, part.column, rule), after: '' });
      else if (last === undefined) head += part;
      else last.after += part;
    }
    this.#head = head;
    this.#nullText = nullText;
  }

  get columns(): Column[] {
    return this.#parts.map(({ column }) => column);
  }

  /** The key, or null if one of its columns is NULL and nothing stands for that. */
  build(row: Row): string | null {
    let key = this.#head;
    for (const { column, after } of this.#parts) {
      const value = valueOf(row, column);
      if (value !== null) key += column.text(value) + after;
      else if (this.#nullText !== null) key += this.#nullText + after;
      else return null;
    }
    return key;
  }

  /** True when both images surely give the same key. */
  unchanged(before: Row, after: Row): boolean {
    for (const { column } of this.#parts) {
      if (!sameValue(column, before, after)) return false;
    }
    return true;
  }
}
