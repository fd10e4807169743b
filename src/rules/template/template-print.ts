import type { FilterArgument } from './filters/filter.ts';
import type { KeyTemplate } from './key-template.ts';
import { PLAIN_NAME } from './template-placeholder.ts';
import type { FilterCall, Placeholder, TemplateSource } from './template-part.ts';

/** The template as text; parsing it gives the same template again. */
export function printTemplate(template: KeyTemplate): string {
  return template.parts
    .map((part) => (typeof part === 'string' ? part.replace(/[{}]/g, '$&$&') : `{${printPlaceholder(part)}}`))
    .join('');
}

/** Without its braces. */
export function printPlaceholder({ source, spread, filters }: Placeholder): string {
  return [`${printSource(source)}${spread ? '[*]' : ''}`, ...filters.map(printFilter)].join(' | ');
}

function printSource(source: TemplateSource): string {
  switch (source.kind) {
    case 'column':
      return printName(source.name);
    case 'lookup':
      return `lookup.${printName(source.name)}`;
    case 'variable':
      return `$${source.name}`;
    case 'table':
    case 'database':
    case 'epoch':
      return `@${source.kind}`;
  }
}

const printName = (name: string): string => (PLAIN_NAME.test(name) ? name : `\`${name.replaceAll('`', '``')}\``);

const printFilter = ({ name, values }: FilterCall): string =>
  values.length === 0 ? name : `${name}(${values.map(printArgument).join(', ')})`;

function printArgument(value: FilterArgument): string {
  if (typeof value === 'number') return String(value);
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}
