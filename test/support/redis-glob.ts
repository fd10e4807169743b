/**
 * Redis' glob matching, after `stringmatchlen` of its sources: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that
 * stands for itself. Recursive and slow: a reference for tests.
 */
export function matchesRedisGlob(pattern: string, text: string): boolean {
  return matchFrom(pattern, 0, text, 0);
}

function matchFrom(pattern: string, p: number, text: string, t: number): boolean {
  while (p < pattern.length) {
    const character = pattern[p];
    if (character === '*') {
      while (pattern[p + 1] === '*') p++;
      if (p + 1 === pattern.length) return true;
      for (let rest = t; rest <= text.length; rest++) if (matchFrom(pattern, p + 1, text, rest)) return true;
      return false;
    }
    if (t >= text.length) return false;
    if (character === '[') {
      const end = classEnd(pattern, p);
      if (!classHas(pattern.slice(p + 1, end), text[t] ?? '')) return false;
      p = end;
    } else if (character !== '?') {
      if (character === '\\' && p + 1 < pattern.length) p++;
      if (pattern[p] !== text[t]) return false;
    }
    p++;
    t++;
  }
  return t === text.length;
}

function classEnd(pattern: string, start: number): number {
  for (let p = start + 1; p < pattern.length; p++) {
    if (pattern[p] === '\\') p++;
    else if (pattern[p] === ']') return p;
  }
  return pattern.length;
}

function classHas(inside: string, character: string): boolean {
  const negated = inside.startsWith('^');
  let has = false;
  for (let i = negated ? 1 : 0; i < inside.length; i++) {
    if (inside[i] === '\\' && i + 1 < inside.length) {
      has ||= inside[++i] === character;
    } else if (inside[i + 1] === '-' && i + 2 < inside.length) {
      const [low = '', high = ''] = [inside[i], inside[i + 2]].sort();
      has ||= character >= low && character <= high;
      i += 2;
    } else has ||= inside[i] === character;
  }
  return has !== negated;
}
