import type { JsonValue } from '../model/row-change.ts';
import type { TimeParser } from './iso-time.ts';

/** What is wrong with a record, in words. Caught by the decoder, never seen outside. */
export class ShapeError extends Error {}

/** MySQL itself refuses JSON deeper than 100 levels; more could exhaust the stack of whoever walks the value. */
const MAX_DEPTH = 128;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the fields of one JSON object strictly: each is there, has its type, and no other field is. */
export class Fields {
  readonly #object: JsonObject;
  readonly #at: string;

  /** `at` is the path for messages; `allowed` are the fields it may have. */
  constructor(value: unknown, at: string, allowed: ReadonlySet<string>) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(`${at === '' ? 'the record' : at} is not a JSON object but ${describe(value)}`);
    }
    this.#object = value as JsonObject;
    this.#at = at === '' ? '' : `${at}.`;
    for (const name in value) {
      if (!allowed.has(name)) throw new ShapeError(`unknown field ${this.#at}${name.slice(0, 100)}`);
    }
  }

  /** JSON has no undefined, and no name asked for here is one that every object inherits. */
  has(name: string): boolean {
    return this.#object[name] !== undefined;
  }

  raw(name: string): unknown {
    const value = this.#object[name];
    if (value === undefined) throw new ShapeError(`field ${this.#at}${name} is missing`);
    return value;
  }

  text(name: string): string {
    const value = this.raw(name);
    if (typeof value !== 'string') throw this.#wrong(name, 'a string', value);
    return value;
  }

  textOrNull(name: string): string | null {
    return this.raw(name) === null ? null : this.text(name);
  }

  /** A whole number from 0 to 2^53 - 1: beyond that JSON numbers are no longer exact. */
  natural(name: string): number {
    const value = this.raw(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.#wrong(name, 'a whole number from 0 to 2^53 - 1', value);
    }
    return value;
  }

  within(name: string, min: number, max: number): number {
    const value = this.natural(name);
    if (value < min || value > max) throw this.#wrong(name, `a whole number from ${min} to ${max}`, value);
    return value;
  }

  flag(name: string): boolean {
    const value = this.raw(name);
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false', value);
    return value;
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const value = this.raw(name);
    const word = words.find((each) => each === value);
    if (word === undefined) throw this.#wrong(name, words.join(' or '), value);
    return word;
  }

  time(name: string, parser: TimeParser): number {
    const timeMs = parser.parse(this.text(name));
    if (timeMs === undefined) {
      throw this.#wrong(name, 'a time such as 2026-03-01T10:00:00.000Z', this.raw(name));
    }
    return timeMs;
  }

  /** Columns: names to JSON values. */
  columns(name: string): Readonly<Record<string, JsonValue>> {
    const value = this.raw(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#wrong(name, 'a JSON object', value);
    }
    checkValue(value, `${this.#at}${name}`, 0);
    return value as Readonly<Record<string, JsonValue>>;
  }

  #wrong(name: string, expected: string, value: unknown): ShapeError {
    return new ShapeError(`field ${this.#at}${name} is not ${expected} but ${describe(value)}`);
  }
}

/** JSON.parse lets through what JSON cannot carry on: `1e999` becomes Infinity, and nesting has no bound. */
function checkValue(value: unknown, at: string, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ShapeError(`${at} holds a number that is too large`);
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new ShapeError(`${at} is nested deeper than ${MAX_DEPTH} levels`);
  for (const name in value) checkValue((value as JsonObject)[name], at, depth + 1);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `"${value.slice(0, 60)}"`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}
