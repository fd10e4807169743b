import { filterNamed } from './filters/catalogue.ts';
import type { KeyTemplate } from './key-template.ts';
import { isListPlaceholder } from './template-shape.ts';
import type { FilterCall, Placeholder, TemplatePart } from './template-part.ts';

/** A name in a template; `at` is the character where it begins, counted from 0. Named twice, it is listed twice. */
export interface TemplateName {
  readonly name: string;
  readonly at: number;
}

/** A column of the changed row in a template, with what is made of it. */
export interface TemplateColumn {
  readonly column: string;
  readonly at: number;
  readonly spread: boolean;
  readonly filters: readonly FilterCall[];
}

export function templateColumns(template: KeyTemplate): TemplateColumn[] {
  return placeholders(template).flatMap(({ source, at, spread, filters }) =>
    source.kind === 'column' ? [{ column: source.name, at, spread, filters }] : [],
  );
}

/** Names of `{lookup.name}`. */
export function templateLookups(template: KeyTemplate): TemplateName[] {
  return placeholders(template).flatMap(({ source, at }) =>
    source.kind === 'lookup' ? [{ name: source.name, at }] : [],
  );
}

/** Names of `{$name}`: captures, and constants as long as they are not replaced. */
export function templateVariables(template: KeyTemplate): TemplateName[] {
  return placeholders(template).flatMap(({ source, at }) =>
    source.kind === 'variable' ? [{ name: source.name, at }] : [],
  );
}

export function usesEpoch(template: KeyTemplate): boolean {
  return placeholders(template).some(({ source }) => source.kind === 'epoch');
}

/** Whether it may give several keys for one row. */
export function isListTemplate(template: KeyTemplate): boolean {
  return placeholders(template).some(isListPlaceholder);
}

/** Whether the filters make the value short, however long it is: a TEXT column without such a filter makes keys of any length. */
export function isBounded({ filters }: Pick<TemplateColumn, 'filters'>): boolean {
  return filters.some(({ name, values }) => filterNamed(name).bounds(values));
}

/** Whether the value is an element or a part of the column's: how long those are no table says. */
export function takesPart({ spread, filters }: TemplateColumn): boolean {
  return spread || filters.some(({ name }) => name === 'json' || name === 'split');
}

/** Whether a NULL gives a key. */
export function replacesNull({ filters }: Pick<TemplateColumn, 'filters'>): boolean {
  return filters.some(({ name }) => name === 'default');
}

export function placeholders({ parts }: KeyTemplate): Placeholder[] {
  return parts.filter((part: TemplatePart) => typeof part !== 'string');
}
