import type { Column, Row, Table } from '../../model/row-change.ts';
import type { Version } from '../../model/version.ts';
import { SluiceError } from '../../runtime/errors.ts';
import { bindTemplate, type BoundPart } from './bound-template.ts';
import { sameValue, valueOf } from '../evaluate/column-reader.ts';
import { FilterFailure } from './filters/filter.ts';
import type { KeyTemplate } from './key-template.ts';
import type { LookupRow } from '../lookup/lookup-row.ts';
import type { Captures } from './template-facts.ts';
import { pipeMany, pipeOne } from './template-pipe.ts';

/** The longest key, in UTF-16 units (what `length` counts): a value of megabytes makes a dead letter, not a key of megabytes. */
export const MAX_KEY_LENGTH = 16_384;

export interface KeyBuilderOptions {
  readonly template: KeyTemplate;
  readonly table: Table;
  /** For messages. */
  readonly rule: string;
  /** Stands for NULL; null: no key is built from a row with a NULL. */
  readonly nullText: string | null;
  /** What the rule's pattern matched of the table's name (TablePattern.captures). */
  readonly captures: Captures;
  /** The table's epoch (`{@epoch}`); a builder is good for one epoch. */
  readonly epoch: Version;
}

/**
 * A template bound to a table: one pass of concatenation per key, nothing looked up by name but the values. Building throws
 * RULE_COLUMN_MISSING (an image or a lookup without the column), RULE_FILTER_FAILED (a filter cannot work on the value) or
 * RULE_KEY_TOO_LONG.
 */
export class KeyBuilder {
  /** The fixed text before the first part. */
  readonly #head: string;
  readonly #parts: readonly BoundPart[];
  readonly #nullText: string | null;
  readonly #rule: string;
  /** Columns of the table it reads, in the order of the template; one that is named twice comes twice. */
  readonly columns: readonly Column[];
  /** True: one row may give several keys, by `buildAll` alone. */
  readonly isList: boolean;

  constructor({ template, table, rule, nullText, captures, epoch }: KeyBuilderOptions) {
    const facts = { database: table.database, table: table.name, captures, epoch };
    const { head, parts } = bindTemplate(template, table, facts, rule);
    this.#head = head;
    this.#parts = parts;
    this.#nullText = nullText;
    this.#rule = rule;
    this.columns = parts.flatMap(({ column }) => (column === null ? [] : [column]));
    this.isList = parts.some(({ isList }) => isList);
  }

  /** The key, or null if one of its values is NULL and nothing stands for that. Not for lists. */
  build(row: Row, lookup: LookupRow | null): string | null {
    let key = this.#head;
    // Most templates are plain columns: for those no closure is called and nothing but the key is allocated.
    for (const part of this.#parts) {
      const { plain, after } = part;
      let text: string | null;
      if (plain !== null) {
        const value = valueOf(row, plain);
        text = value === null ? null : plain.text(value);
      } else text = this.#one(part, row, lookup);
      if (text !== null) key += text + after;
      else if (this.#nullText !== null) key += this.#nullText + after;
      else return null;
    }
    return key.length <= MAX_KEY_LENGTH ? key : this.#checked(key);
  }

  /**
   * The distinct keys in the order of their lists: every combination of the lists' elements. Empty if a list is empty; null as
   * for `build`. A NULL element among others gives no key, unless there is a text for NULL.
   * Throws RULE_TOO_MANY_KEYS when there are more than `limit`.
   */
  buildAll(row: Row, lookup: LookupRow | null, limit: number): readonly string[] | null {
    if (!this.isList) {
      const key = this.build(row, lookup);
      return key === null ? null : [key];
    }
    const choices = this.#choices(row, lookup);
    if (choices === null) return null;
    // Else no later list is empty, and keys whose beginnings differ differ: more beginnings than the limit are enough to know.
    if (choices.some((texts) => texts.length === 0)) return [];
    let keys: readonly string[] = [this.#head];
    this.#parts.forEach(({ after }, i) => {
      keys = this.#continued(keys, choices[i] ?? [], after, limit);
    });
    return keys;
  }

  /** True when both images surely give the same keys, the lookup's rows being the same. */
  unchanged(before: Row, after: Row): boolean {
    for (const column of this.columns) if (!sameValue(column, before, after)) return false;
    return true;
  }

  /** What each part may be; null if one of them is nothing but NULL. */
  #choices(row: Row, lookup: LookupRow | null): (readonly string[])[] | null {
    const choices: (readonly string[])[] = [];
    for (const part of this.#parts) {
      const values = part.isList ? this.#many(part, row, lookup) : [this.#one(part, row, lookup)];
      const texts = new Set<string>();
      for (const value of values) {
        const text = value ?? this.#nullText;
        if (text !== null) texts.add(text);
      }
      if (texts.size === 0 && values.length > 0) return null;
      choices.push([...texts]);
    }
    return choices;
  }

  #continued(beginnings: readonly string[], texts: readonly string[], after: string, limit: number): string[] {
    const keys = new Set<string>();
    for (const beginning of beginnings) {
      for (const text of texts) {
        keys.add(this.#checked(beginning + text + after));
        if (keys.size > limit) {
          throw new SluiceError('RULE_TOO_MANY_KEYS', `rule \`${this.#rule}\`: a row gives more than ${limit} keys`);
        }
      }
    }
    return [...keys];
  }

  #one(part: BoundPart, row: Row, lookup: LookupRow | null): string | null {
    try {
      return pipeOne(part.steps, part.read(row, lookup));
    } catch (error) {
      throw this.#failure(part, error);
    }
  }

  #many(part: BoundPart, row: Row, lookup: LookupRow | null): (string | null)[] {
    try {
      return pipeMany(part.steps, part.read(row, lookup));
    } catch (error) {
      throw this.#failure(part, error);
    }
  }

  #failure({ placeholder }: BoundPart, error: unknown): unknown {
    if (!(error instanceof FilterFailure)) return error;
    return new SluiceError('RULE_FILTER_FAILED', `rule \`${this.#rule}\`: ${placeholder}: ${error.message}`);
  }

  #checked(key: string): string {
    if (key.length <= MAX_KEY_LENGTH) return key;
    throw new SluiceError(
      'RULE_KEY_TOO_LONG',
      `rule \`${this.#rule}\`: a key of ${key.length} characters; at most ${MAX_KEY_LENGTH} are allowed`,
    );
  }
}
