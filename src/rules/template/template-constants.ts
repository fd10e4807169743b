import { FilterFailure } from './filters/filter.ts';
import type { KeyTemplate } from './key-template.ts';
import type { Placeholder, TemplatePart } from './template-part.ts';
import { pipeOne, stepsOf } from './template-pipe.ts';
import { printPlaceholder } from './template-print.ts';
import { isListPlaceholder } from './template-shape.ts';
import { wrong, type Parsed, type TextProblem } from '../schema/text-problem.ts';

/**
 * The template with constants as fixed text, their filters applied. Other variables, which are captures, stay. Fixed text
 * beside fixed text becomes one part, an empty constant none. `requireFixedText` is for the caller, once this is done.
 */
export function substituteConstants(
  template: KeyTemplate,
  constants: Readonly<Record<string, string>>,
): Parsed<KeyTemplate> {
  const parts: TemplatePart[] = [];
  const problems: TextProblem[] = [];
  for (const part of template.parts) {
    const known = typeof part === 'string' ? { ok: part } : constantText(part, constants);
    if (known === undefined) parts.push(part);
    else if ('problems' in known) problems.push(...known.problems);
    else addText(parts, known.ok);
  }
  return problems.length > 0 ? { problems } : { ok: { parts } };
}

function addText(parts: TemplatePart[], text: string): void {
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + text;
  else if (text !== '') parts.push(text);
}

function constantText(part: Placeholder, constants: Readonly<Record<string, string>>): Parsed<string> | undefined {
  const { source, at } = part;
  if (source.kind !== 'variable' || !Object.hasOwn(constants, source.name)) return undefined;
  if (isListPlaceholder(part)) {
    return wrong(at, `the constant \`$${source.name}\` is made a list`, 'Write one key template for each element.');
  }
  try {
    return { ok: pipeOne(stepsOf(part, false), constants[source.name] ?? null) ?? '' };
  } catch (error) {
    if (!(error instanceof FilterFailure)) throw error;
    return wrong(at, `{${printPlaceholder(part)}}: ${error.message}`, 'Mend the constant, or remove the filter.');
  }
}
