import type { Position } from './automaton.ts';
import type { CharacterElement } from './syntax.ts';

/** Characters beyond the expression's own that classes such as `\s` and case folding tell apart. */
const ODD = [0x17f, 0x212a, 0x1680, 0x180e, 0x2000, 0x200a, 0x2028, 0x202f, 0x205f, 0x3000, 0xfeff, 0xffff, 0x10ffff];

/**
 * The characters that matter: of all that the same positions take, one stands for the rest. Each is given as the positions
 * that take it; characters that no position takes are left out, as they only end the work.
 */
export function alphabetOf(positions: readonly Position[], flags: string): (readonly boolean[])[] {
  const samples = [...samplesOf(positions)].map((code) => String.fromCodePoint(code));
  const byElement = new Map<string, readonly boolean[]>();
  const takenBy = positions.map(({ element }) => {
    if (element === null) return [];
    const known = byElement.get(element.raw);
    if (known !== undefined) return known;
    const one = new RegExp(`^(?:${element.raw})$`, flags);
    const taken = samples.map((sample) => one.test(sample));
    byElement.set(element.raw, taken);
    return taken;
  });
  const letters = new Map<string, readonly boolean[]>();
  samples.forEach((_, sample) => {
    const takers = takenBy.map((taken) => taken[sample] ?? false);
    if (takers.includes(true)) letters.set(takers.map(Number).join(''), takers);
  });
  return [...letters.values()];
}

/** Both sides of each boundary between characters that some position takes and others that it does not. */
function samplesOf(positions: readonly Position[]): Set<number> {
  const samples = new Set<number>(ODD);
  for (let code = 0; code < 256; code++) samples.add(code);
  const elements = new Map(
    positions.flatMap(({ element }) => (element === null ? [] : [[element.raw, element] as const])),
  );
  for (const element of elements.values()) {
    for (const code of boundaries(element)) {
      for (const near of [code - 1, code, code + 1]) if (near >= 0 && near <= 0x10ffff) addWithCase(samples, near);
    }
  }
  return samples;
}

function boundaries(element: CharacterElement): number[] {
  if (element.type === 'Character') return [element.value];
  if (element.type === 'CharacterSet') return [];
  return element.elements.flatMap((each) => {
    if (each.type === 'Character') return [each.value];
    return each.type === 'CharacterClassRange' ? [each.min.value, each.max.value] : [];
  });
}

function addWithCase(samples: Set<number>, code: number): void {
  const text = String.fromCodePoint(code);
  for (const each of [text, text.toLowerCase(), text.toUpperCase()]) samples.add(each.codePointAt(0) ?? code);
}
