import type { Position } from './automaton.ts';

/** How many texts the search goes on with at a time. */
const BEAM = 24;
/** Work of the search itself; what needs more is too much to judge. */
const MAX_WORK = 20_000_000;

/** What the worst text found makes the engine do, in ways tried. */
export interface Cost {
  readonly steps: number;
  /** Where the engine is in most ways at the end of that text. */
  readonly position: number;
  /** The search gave up: there may be a worse one. */
  readonly gaveUp: boolean;
}

/** A text as far as it goes: in how many ways the engine stands at each position. */
interface Attack {
  readonly ways: ReadonlyMap<number, number>;
  readonly weight: number;
  readonly steps: number;
}

/**
 * The worst text of `length` characters: a search that goes on with those prefixes that can be read in most ways. The text
 * need not match, so every way is tried before the engine gives up. Ends as soon as `enough` steps are found.
 */
export function worstCost(
  positions: readonly Position[],
  alphabet: readonly (readonly boolean[])[],
  length: number,
  enough: number,
): Cost {
  const out = positions.map(({ next }) => [...next.values()].reduce((total, ways) => total + ways, 0));
  const first = new Map([[0, 1]]);
  let attacks: readonly Attack[] = [{ ways: first, weight: 1, steps: out[0] ?? 0 }];
  let worst = attacks[0];
  let work = 0;
  for (let i = 0; i < length && attacks.length > 0; i++) {
    const heaviest = new Map<string, Attack>();
    for (const attack of attacks) {
      for (const takers of alphabet) {
        const extended = extend(attack, takers, positions, out);
        work += attack.ways.size * 4 + extended.ways.size;
        if (extended.weight === 0) continue;
        const support = [...extended.ways.keys()].join();
        if ((heaviest.get(support)?.weight ?? 0) < extended.weight) heaviest.set(support, extended);
        if (extended.steps > (worst?.steps ?? 0)) worst = extended;
      }
    }
    if ((worst?.steps ?? 0) > enough) break;
    if (work > MAX_WORK) return { ...costOf(worst), gaveUp: true };
    // By what it may yet cost, not by what it has: else a text that costs much now and never more would win.
    attacks = [...heaviest.values()].sort((a, b) => b.weight - a.weight).slice(0, BEAM);
  }
  return { ...costOf(worst), gaveUp: false };
}

function extend(
  { ways, steps }: Attack,
  takers: readonly boolean[],
  positions: readonly Position[],
  out: readonly number[],
): Attack {
  const after = new Map<number, number>();
  let weight = 0;
  for (const [position, count] of ways) {
    for (const [next, each] of positions[position]?.next ?? []) {
      if (takers[next] !== true) continue;
      after.set(next, (after.get(next) ?? 0) + count * each);
      weight += count * each;
    }
  }
  let tried = 0;
  for (const [position, count] of after) tried += count * (out[position] ?? 0);
  return { ways: after, weight, steps: steps + tried };
}

function costOf(attack: Attack | undefined): Omit<Cost, 'gaveUp'> {
  const most = [...(attack?.ways ?? [])].sort(([, a], [, b]) => b - a)[0];
  return { steps: attack?.steps ?? 0, position: most?.[0] ?? 0 };
}
