import type { JsonValue } from '../../model/row-change.ts';
import { filterNamed } from './filters/catalogue.ts';
import { FilterFailure, textOf, type Step } from './filters/filter.ts';
import { parseJson } from './filters/json-text.ts';
import type { FilterCall, Placeholder } from './template-part.ts';
import { shapeAfter, shapeOf } from './template-shape.ts';

const PARSE: Step = {
  kind: 'one',
  apply: (value) => (typeof value === 'string' ? parseJson(value) : value),
};

const SPREAD: Step = {
  kind: 'many',
  apply: (value) => {
    if (Array.isArray(value)) return value as readonly JsonValue[];
    throw new FilterFailure('the value is no JSON array');
  },
};

/** Whether the first thing that happens to the value is that it is read as JSON: a JSON column then gives its document. */
export function readsDocument({ spread, filters }: Placeholder): boolean {
  return spread || filters[0]?.name === 'json';
}

/** The filters in order, with a text read as JSON where one of them needs that. `isDocument`: the value comes as a document. */
export function stepsOf(placeholder: Placeholder, isDocument: boolean): readonly Step[] {
  const { source, spread, filters } = placeholder;
  const steps: Step[] = spread ? [...(isDocument ? [] : [PARSE]), SPREAD] : [];
  let shape = isDocument ? 'json' : shapeOf(source, spread);
  for (const call of filters) {
    if (call.name === 'json' && shape === 'raw') steps.push(PARSE);
    steps.push(stepOf(call));
    shape = shapeAfter(call, shape);
  }
  return steps;
}

/** One value through filters that make no list; null is NULL. Throws FilterFailure. */
export function pipeOne(steps: readonly Step[], value: JsonValue): string | null {
  let current = value;
  for (const step of steps) {
    if (step.kind === 'default') current ??= step.text;
    else if (step.kind === 'many') throw new Error('a list where one value is expected');
    else if (current !== null) current = step.apply(current);
  }
  return current === null ? null : textOf(current);
}

/** All values in their order; a NULL stays one NULL, however many values it might have been. Throws FilterFailure. */
export function pipeMany(steps: readonly Step[], value: JsonValue): (string | null)[] {
  let items: readonly JsonValue[] = [value];
  for (const step of steps) items = items.flatMap((item) => allOf(step, item));
  return items.map((item) => (item === null ? null : textOf(item)));
}

function allOf(step: Step, item: JsonValue): readonly JsonValue[] {
  if (step.kind === 'default') return [item ?? step.text];
  if (item === null) return [null];
  return step.kind === 'many' ? step.apply(item) : [step.apply(item)];
}

const stepOf = ({ name, values }: FilterCall): Step => filterNamed(name).compile(values);
