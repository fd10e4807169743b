import type { Position } from './automaton.ts';
import { componentsOf } from './components.ts';

/** More steps of pairs than this are too much to judge. */
const MAX_EDGES = 400_000;

/**
 * A position that a word leads back to in two different ways: repeated n times, the word can be read in 2^n ways. That is
 * exactly when a backtracking engine can take exponential time. Null if there is none; 'unknown' if the expression is too large.
 */
export function exponentialPosition(
  positions: readonly Position[],
  alphabet: readonly (readonly boolean[])[],
): number | null | 'unknown' {
  const count = positions.length;
  const pairs = new Pairs(positions, alphabet);
  const diagonal = positions.map((_, i) => i * count + i);
  for (const component of componentsOf(diagonal, (pair) => pairs.after(pair))) {
    const equal = component.filter((pair) => pairs.isDiagonal(pair));
    if (equal.length === 0) continue;
    const inside = new Set(component);
    if (component.some((pair) => !pairs.isDiagonal(pair) || pairs.hasDoubleEdge(pair, inside))) {
      return equal.map((pair) => pair % count).reduce((a, b) => Math.min(a, b));
    }
  }
  return pairs.edges > MAX_EDGES ? 'unknown' : null;
}

/** Two ways through the automaton at once, over the same characters. The pair (p, q) is the number p × count + q. */
class Pairs {
  readonly #count: number;
  readonly #positions: readonly Position[];
  /** Letters that each position takes. */
  readonly #letters: readonly ReadonlySet<number>[];
  /** Which cycle a position lies on: ways that leave it never come back, so they are not followed. */
  readonly #cycle = new Map<number, number>();
  edges = 0;

  constructor(positions: readonly Position[], alphabet: readonly (readonly boolean[])[]) {
    this.#count = positions.length;
    this.#positions = positions;
    this.#letters = positions.map(
      (_, i) => new Set(alphabet.flatMap((takers, letter) => (takers[i] === true ? [letter] : []))),
    );
    const next = (position: number): number[] => [...(positions[position]?.next.keys() ?? [])];
    for (const component of componentsOf(positions.keys(), next)) {
      for (const position of component) this.#cycle.set(position, component[0] ?? position);
    }
  }

  isDiagonal(pair: number): boolean {
    return Math.floor(pair / this.#count) === pair % this.#count;
  }

  /** Both go the same step, but in different ways. */
  hasDoubleEdge(pair: number, inside: ReadonlySet<number>): boolean {
    const next = this.#positions[pair % this.#count]?.next ?? new Map<number, number>();
    return [...next].some(([to, ways]) => ways > 1 && inside.has(to * this.#count + to));
  }

  after(pair: number): number[] {
    const after: number[] = [];
    const seconds = this.#onCycle(pair % this.#count);
    for (const first of this.#onCycle(Math.floor(pair / this.#count))) {
      this.edges += seconds.length;
      if (this.edges > MAX_EDGES) return after;
      for (const second of seconds) if (this.#meet(first, second)) after.push(first * this.#count + second);
    }
    return after;
  }

  #onCycle(position: number): number[] {
    const cycle = this.#cycle.get(position);
    return [...(this.#positions[position]?.next.keys() ?? [])].filter((next) => this.#cycle.get(next) === cycle);
  }

  #meet(first: number, second: number): boolean {
    for (const letter of this.#letters[first] ?? []) if (this.#letters[second]?.has(letter) === true) return true;
    return false;
  }
}
