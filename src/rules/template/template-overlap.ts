import { matchesGlob } from '../../runtime/glob.ts';
import type { KeyTemplate } from './key-template.ts';

/**
 * Can two templates give the same key, if a placeholder may be any text? True also where real data never does it: filters,
 * captures, table names and epochs are taken for any text too, so that a difference in them never hides a common key.
 *
 * Both with placeholders: `a…b` and `c…d` meet exactly when one of the beginnings begins with the other and one of the
 * ends ends with the other. (The longer beginning, then all fixed text in the middle of the first, then of the
 * second, then the longer end: each template's first and last placeholders swallow what is not its own.)
 */
export function templatesOverlap(first: KeyTemplate, second: KeyTemplate): boolean {
  const a = shape(first);
  const b = shape(second);
  if (a.wild && b.wild) {
    return (
      (a.begin.startsWith(b.begin) || b.begin.startsWith(a.begin)) && (a.end.endsWith(b.end) || b.end.endsWith(a.end))
    );
  }
  if (a.wild) return matches(first, b.begin);
  if (b.wild) return matches(second, a.begin);
  return a.begin === b.begin;
}

/** Fixed text before the first and after the last placeholder. Without any, all of it is the beginning. */
function shape(template: KeyTemplate): { wild: boolean; begin: string; end: string } {
  const [first = ''] = template.parts;
  const last = template.parts.at(-1) ?? '';
  return {
    wild: template.parts.some((part) => typeof part !== 'string'),
    begin: typeof first === 'string' ? first : '',
    end: typeof last === 'string' ? last : '',
  };
}

function matches(template: KeyTemplate, key: string): boolean {
  // `*` and `?` of the fixed text would be wild in a glob: one private character stands for both, on both sides.
  const plain = (text: string): string => text.replace(/[*?]/g, '\u0000');
  return matchesGlob(template.parts.map((part) => (typeof part === 'string' ? plain(part) : '*')).join(''), plain(key));
}
