import type { KeptLetter } from '../transport/dead-letter-decoder.ts';
import type { StoredLetter } from '../transport/letter-log.ts';
import { keyOf, ruleOf } from './dead-letters-filter.ts';
import { printable } from './tail-format.ts';

/** A letter as a line for a person: when, which, what of which rule, and why. */
export function formatLetter({ id, letter, damage, text }: StoredLetter): string {
  if (letter === null) return [`${id}  damaged (${damage})`, text.slice(0, 100)].map(printable).join('  ');
  const time = new Date(letter.keptAtMs).toISOString();
  const target = letter.target === null ? [] : [`target ${letter.target}`];
  return [time, id, ...whatOf(letter), ...target, `at ${letter.place}`, letter.reason].map(printable).join('  ');
}

/** The same as JSON: the letter as it is kept, beside the id that `purge --up-to` takes. */
export function letterJson({ id, letter, damage, text }: StoredLetter): string {
  if (letter === null) return JSON.stringify({ id, damaged: damage, text });
  return `{"id":${JSON.stringify(id)},"letter":${text}}`;
}

function whatOf(letter: KeptLetter): string[] {
  const { content } = letter;
  const rule = ruleOf(letter);
  const cut = content.kind === 'change' ? content.images === null : content.truncated;
  const kind = `${content.kind}${cut ? ' (cut)' : ''}`;
  const subject = keyOf(letter) ?? (content.kind === 'change' ? rowOf(content.origin) : '');
  return [kind, ...(subject === '' ? [] : [subject]), ...(rule === null ? [] : [`rule ${rule}`])];
}

function rowOf({
  operation,
  database,
  table,
  primaryKey,
}: {
  operation: string;
  database: string;
  table: string;
  primaryKey: object | null;
}): string {
  return `${operation} ${database}.${table} ${primaryKey === null ? '(no primary key)' : JSON.stringify(primaryKey)}`;
}

/** How often each reason came, the most frequent first. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();
  #others = 0;

  /** Reasons may hold a value of the row, so that each is another: then only so many are told apart. */
  add(reason: string): void {
    const known = this.#counts.get(reason);
    if (known === undefined && this.#counts.size >= 1_000) this.#others++;
    else this.#counts.set(reason, (known ?? 0) + 1);
  }

  lines(): string[] {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    const rest = sorted.slice(20).reduce((sum, [, count]) => sum + count, this.#others);
    const shown = sorted.slice(0, 20).map(([reason, count]) => `${String(count).padStart(8)}  ${printable(reason)}`);
    return rest === 0 ? shown : [...shown, `${String(rest).padStart(8)}  other reasons`];
  }
}
