import type { Alternative, CharacterElement, Element, Lookaround, Pattern, Quantifier } from './syntax.ts';

/** A place in the expression that takes one character. */
export interface Position {
  /** Null at the start and at the end, which take none. */
  readonly element: CharacterElement | null;
  /** Where the innermost quantifier around it begins in the source, or else the element itself. */
  readonly at: number;
  /** Which positions may come next, and in how many ways: an engine that backtracks tries each way. */
  readonly next: Map<number, number>;
}

/**
 * The expression as an automaton without empty steps (Glushkov's), with bounded repetitions written out. A way through it is
 * a way the backtracking engine may go, so counting ways is counting its work. Position 0 is the start, the last one the end; neither takes a character.
 */
export interface Automaton {
  readonly positions: readonly Position[];
  readonly lookarounds: readonly Lookaround[];
}

/** More places than this are too much to judge. */
export const MAX_POSITIONS = 4000;

/** Why there is no automaton: `at` counts characters of the source. */
export class NoAutomaton extends Error {
  readonly at: number;
  readonly reason: 'backreference' | 'size';

  constructor(reason: 'backreference' | 'size', at: number) {
    super(reason);
    this.at = at;
    this.reason = reason;
  }
}

/** A piece of the expression: which positions it may begin and end with, and in how many ways it takes no character. */
interface Fragment {
  readonly first: ReadonlyMap<number, number>;
  readonly last: ReadonlyMap<number, number>;
  readonly empty: number;
}

const EMPTY: Fragment = { first: new Map(), last: new Map(), empty: 1 };

/** Throws NoAutomaton. */
export function automatonOf(alternatives: Pattern['alternatives']): Automaton {
  return new Builder().build(alternatives);
}

class Builder {
  readonly #positions: Position[] = [];
  readonly #lookarounds = new Set<Lookaround>();

  build(alternatives: readonly Alternative[]): Automaton {
    const whole = this.#sequence(this.#position(null, 0), this.#either(alternatives, null));
    this.#sequence(whole, this.#position(null, 0));
    return { positions: this.#positions, lookarounds: [...this.#lookarounds] };
  }

  #position(element: CharacterElement | null, at: number): Fragment {
    if (this.#positions.length >= MAX_POSITIONS) throw new NoAutomaton('size', at);
    const own = new Map([[this.#positions.length, 1]]);
    this.#positions.push({ element, at, next: new Map() });
    return { first: own, last: own, empty: 0 };
  }

  #either(alternatives: readonly Alternative[], at: number | null): Fragment {
    const fragments = alternatives.map((each) => this.#all(each, at));
    return {
      first: sum(fragments.map(({ first }) => first)),
      last: sum(fragments.map(({ last }) => last)),
      empty: fragments.reduce((total, { empty }) => total + empty, 0),
    };
  }

  #all({ elements }: Alternative, at: number | null): Fragment {
    return elements.reduce<Fragment>((before, element) => this.#sequence(before, this.#one(element, at)), EMPTY);
  }

  #one(element: Element, at: number | null): Fragment {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
        return this.#position(element, at ?? element.start);
      case 'Group':
      case 'CapturingGroup':
        return this.#either(element.alternatives, at);
      case 'Quantifier':
        return this.#repeat(element);
      case 'Assertion':
        // As if it always held: more ways than there are, never fewer.
        if (element.kind === 'lookahead' || element.kind === 'lookbehind') this.#lookarounds.add(element);
        return EMPTY;
      case 'Backreference':
      case 'ExpressionCharacterClass':
        throw new NoAutomaton('backreference', element.start);
    }
  }

  #repeat(quantifier: Quantifier): Fragment {
    const { element, min, max, start } = quantifier;
    let whole = EMPTY;
    for (let i = 0; i < min; i++) {
      const copy = this.#one(element, start);
      const isLast = i === min - 1 && max === Infinity;
      if (isLast) this.#connect(copy.last, copy.first);
      whole = this.#sequence(whole, copy);
      // Copies that take nothing are all the same: no need to write out a million of them.
      if (copy.first.size === 0 && copy.empty <= 1) return whole;
    }
    if (max === Infinity) return min > 0 ? whole : this.#sequence(whole, this.#star(element, start));
    return this.#sequence(whole, this.#upTo(max - min, element, start));
  }

  #star(element: Element, start: number): Fragment {
    const once = this.#one(element, start);
    this.#connect(once.last, once.first);
    return { ...once, empty: 1 };
  }

  /** x{0,n} is (x(x(x)?)?)?: an optional iteration that takes nothing is not counted, as JavaScript rejects it. */
  #upTo(count: number, element: Element, start: number): Fragment {
    const copies: Fragment[] = [];
    for (let i = 0; i < count; i++) {
      const copy = this.#one(element, start);
      if (copy.first.size === 0) break;
      copies.push(copy);
    }
    return copies.reduceRight<Fragment>(
      (rest, copy) => ({ ...this.#sequence({ ...copy, empty: 0 }, rest), empty: 1 }),
      EMPTY,
    );
  }

  #sequence(before: Fragment, after: Fragment): Fragment {
    this.#connect(before.last, after.first);
    return {
      first: before.empty === 0 ? before.first : sum([before.first, scaled(after.first, before.empty)]),
      last: after.empty === 0 ? after.last : sum([after.last, scaled(before.last, after.empty)]),
      empty: before.empty * after.empty,
    };
  }

  #connect(from: Fragment['last'], to: Fragment['first']): void {
    for (const [position, ways] of from) {
      const next = this.#positions[position]?.next;
      for (const [other, otherWays] of to) next?.set(other, (next.get(other) ?? 0) + ways * otherWays);
    }
  }
}

function sum(maps: readonly ReadonlyMap<number, number>[]): ReadonlyMap<number, number> {
  const [only] = maps;
  if (maps.length === 1 && only !== undefined) return only;
  const total = new Map<number, number>();
  for (const map of maps) for (const [key, count] of map) total.set(key, (total.get(key) ?? 0) + count);
  return total;
}

const scaled = (map: ReadonlyMap<number, number>, by: number): ReadonlyMap<number, number> =>
  by === 1 ? map : new Map([...map].map(([key, count]) => [key, count * by]));
