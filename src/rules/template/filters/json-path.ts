import type { JsonValue } from '../../../model/row-change.ts';
import { ArgumentMistake, FilterFailure } from './filter.ts';

/** A member, or an element counted from 0; neither: all elements. */
interface Leg {
  readonly member?: string;
  readonly element?: number;
}

/** A JSON path as MySQL writes it: `$.a."b c"[0]`, `$.items[*].id`. No `**`, `.*`, `last` and ranges. */
export interface JsonPath {
  readonly legs: readonly Leg[];
  /** It has a `[*]`: it gives a list. */
  readonly isList: boolean;
}

const ALL: Leg = {};
const REMEDY = 'A path begins with `$` and goes on with `.name`, `."odd name"`, `[0]` or `[*]`, as in $.items[*].id.';
const MEMBER = /\.\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*))\s*/y;
const ELEMENT = /\[\s*(?:(\d{1,9})|(\*))\s*\]\s*/y;

/** Throws ArgumentMistake for argument 0. */
export function parsePath(text: string): JsonPath {
  const begin = /^\s*\$\s*/.exec(text)?.[0].length;
  if (begin === undefined) throw new ArgumentMistake(0, 0, 'a JSON path begins with `$`', REMEDY);
  const legs: Leg[] = [];
  let at = begin;
  while (at < text.length) {
    const leg = legAt(text, at);
    legs.push(leg.leg);
    at = leg.end;
  }
  return { legs, isList: legs.includes(ALL) };
}

function legAt(text: string, at: number): { leg: Leg; end: number } {
  MEMBER.lastIndex = at;
  const member = MEMBER.exec(text);
  if (member !== null) return { leg: { member: member[2] ?? unquoted(member[1] ?? '', at) }, end: MEMBER.lastIndex };
  ELEMENT.lastIndex = at;
  const element = ELEMENT.exec(text);
  if (element === null) throw new ArgumentMistake(0, at, 'this is no JSON path from here on', REMEDY);
  return { leg: element[1] === undefined ? ALL : { element: Number(element[1]) }, end: ELEMENT.lastIndex };
}

function unquoted(inside: string, at: number): string {
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    throw new ArgumentMistake(0, at, 'the name in quotes is no JSON string', REMEDY);
  }
}

/** Everything the path finds; of a path without `[*]` at most one value. What is not there is left out, JSON null is not. */
export function valuesAt({ legs }: JsonPath, document: JsonValue): readonly JsonValue[] {
  let found: readonly JsonValue[] = [document];
  for (const leg of legs) found = found.flatMap((value) => step(leg, value));
  return found;
}

function step(leg: Leg, value: JsonValue): readonly JsonValue[] {
  if (leg.member !== undefined) return memberOf(value, leg.member);
  // As in MySQL, `[0]` of what is no array is the value itself.
  if (leg.element !== undefined) return (isArray(value) ? value : [value]).slice(leg.element, leg.element + 1);
  if (value === null) return [];
  if (isArray(value)) return value;
  throw new FilterFailure('`[*]` meets a value that is no JSON array');
}

function memberOf(value: JsonValue, name: string): readonly JsonValue[] {
  if (value === null || typeof value !== 'object' || isArray(value) || !Object.hasOwn(value, name)) return [];
  const member = value[name];
  return member === undefined ? [] : [member];
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
