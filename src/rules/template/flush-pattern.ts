import { FilterFailure } from './filters/filter.ts';
import type { KeyTemplate } from './key-template.ts';
import { factOf, type TableFacts } from './template-facts.ts';
import type { Placeholder } from './template-part.ts';
import { pipeOne, stepsOf } from './template-pipe.ts';
import { isListPlaceholder } from './template-shape.ts';

/** Fewer fixed characters than this before the first `*` match too many keys of others. */
const MIN_FIXED = 3;

/**
 * Redis' glob of every key the template can give: a `*` for what a row decides, in any epoch, and fixed text escaped. With
 * `facts` what the table decides is text too; without them it is a `*`. A template without any `*` gives its one key, escaped.
 */
export function flushPattern(template: KeyTemplate, facts?: Omit<TableFacts, 'epoch'>): string {
  let pattern = '';
  let wild = false;
  for (const part of template.parts) {
    const text = typeof part === 'string' ? part : knownText(part, facts);
    if (text !== undefined) pattern += text.replace(/[*?[\]^\\]/g, '\\$&');
    // Beside each other they mean no more than one, and cost Redis much more. An empty text between them is nothing.
    else if (!wild) pattern += '*';
    if (text !== '') wild = text === undefined;
  }
  return pattern;
}

function knownText(part: Placeholder, facts: Omit<TableFacts, 'epoch'> | undefined): string | undefined {
  const fact = facts === undefined ? undefined : factOf(part.source, { ...facts, epoch: null });
  if (fact === undefined || isListPlaceholder(part)) return undefined;
  try {
    return pipeOne(stepsOf(part, false), fact) ?? undefined;
  } catch (error) {
    if (error instanceof FilterFailure) return undefined;
    throw error;
  }
}

/** Why a flush of this pattern would reach keys that are not the rule's; null if its fixed text is enough to tell them apart. */
export function patternTooWide(pattern: string): { readonly message: string; readonly remedy: string } | null {
  const remedy =
    'Begin the key with a text of its own, such as "product:", or set `table_changes: ignore` and `flush_above_rows: never`.';
  const star = /^(?:[^*\\]|\\[^])*/.exec(pattern)?.[0] ?? '';
  if (star === pattern) return null;
  if (star === '') return { message: `a flush of \`${pattern}\` would reach keys of any beginning`, remedy };
  const fixed = star.replace(/\\([^])/g, '$1').length;
  if (fixed >= MIN_FIXED) return null;
  return {
    message: `a flush of \`${pattern}\` is told apart by ${fixed} character${fixed === 1 ? '' : 's'} only`,
    remedy,
  };
}
