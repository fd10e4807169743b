import type { JsonValue } from '../../../model/row-change.ts';

/** A text in quotes, or a whole number. */
export type FilterArgument = string | number;

export interface Parameter {
  readonly name: string;
  readonly type: 'text' | 'integer';
  readonly optional?: true;
}

/** A value that is there: NULL never reaches a filter. */
export type Present = Exclude<JsonValue, null>;

/**
 * What is known of a value before any row is seen. `raw`: a column's text, which may be a JSON document; `json`: part of a
 * document; `text`: no document any more; `integer`: decimal digits; `opaque`: a hash or an encoding, which nothing reads.
 */
export type Shape = 'raw' | 'json' | 'text' | 'integer' | 'opaque';

/** What a filter does to each value. Throws FilterFailure where it cannot. */
export type Step =
  /** Null: nothing is there (NULL). */
  | { readonly kind: 'one'; readonly apply: (value: Present) => JsonValue }
  | { readonly kind: 'many'; readonly apply: (value: Present) => readonly JsonValue[] }
  | { readonly kind: 'default'; readonly text: string };

export interface FilterSpec {
  readonly parameters: readonly Parameter[];
  /** What may stand before it; null: anything. */
  readonly takes: readonly Shape[] | null;
  readonly gives: Shape | 'same';
  /** Whether its result is short, however long the value is. */
  bounds(values: readonly FilterArgument[]): boolean;
  /** Values of the right number and types. Throws ArgumentMistake if it cannot work with them. */
  compile(values: readonly FilterArgument[]): Step;
}

/** An argument that can never work: which one, and where in its text. */
export class ArgumentMistake extends Error {
  readonly index: number;
  readonly offset: number;
  readonly remedy: string;

  constructor(index: number, offset: number, message: string, remedy: string) {
    super(message);
    this.index = index;
    this.offset = offset;
    this.remedy = remedy;
  }
}

/** A value that a filter cannot work on. The message names no value: it goes to logs. */
export class FilterFailure extends Error {}

/** A filter from text to text; parts of a JSON document come as their text. */
export const textStep = (apply: (text: string) => string): Step => ({
  kind: 'one',
  apply: (value) => apply(textOf(value)),
});

/** Strings as they are, numbers and booleans as JSON writes them. */
export function textOf(value: Present): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  throw new FilterFailure(`a JSON ${Array.isArray(value) ? 'array' : 'object'} is no single value`);
}

export const never = (): boolean => false;
export const always = (): boolean => true;
