/**
 * Where character `index` of a YAML scalar's value stands in the source, counted from the scalar's first source
 * character. The value of a plain, quoted, literal (`|`) or folded (`>`) scalar differs from its source by quotes,
 * escapes, folded line ends and indentation, so both are walked side by side: what is in the source only is skipped.
 * A place that cannot be followed gives the last one that could: a good guess instead of a crash.
 */
export function scalarOffset(source: string, value: string, index: number): number {
  let s = startOfContent(source);
  for (let v = 0; v < index && s < source.length; v++) s = afterCharacter(source, s, value[v] ?? '');
  // Indentation before the wanted character belongs to the source only.
  while (isSpace(source[s]) && !isSpace(value[index]) && index < value.length) s++;
  return Math.min(s, source.length);
}

function startOfContent(source: string): number {
  if (source.startsWith('"') || source.startsWith("'")) return 1;
  // A block scalar begins with its header: `|`, `>-`, `|2+  # comment`.
  const header = /^[|>][-+\d]*[^\n]*\n/.exec(source);
  return header === null ? 0 : header[0].length;
}

/** The source offset after the character of the value that is next from `s` on. */
function afterCharacter(source: string, s: number, character: string): number {
  if (source[0] === '"' && source[s] === '\\') return s + escapeLength(source, s);
  if (source[0] === "'" && source.startsWith("''", s)) return s + 2;
  if (source[s] === character) return s + 1;
  if (!isSpace(source[s])) return s;
  let next = s;
  while (isSpace(source[next])) next++;
  // A folded line end became one space of the value: all of it is used up, else it was indentation before the character.
  return isSpace(character) ? next : next + 1;
}

function escapeLength(source: string, s: number): number {
  const digits = { x: 2, u: 4, U: 8 }[source[s + 1] ?? ''] ?? 0;
  return 2 + digits;
}

const isSpace = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\t' || character === '\r';
