import { automatonOf } from './automaton.ts';
import { parseExpression } from './syntax.ts';

/**
 * Whether the expression may match a text with a dot that has something before and behind it, as every `database.table` has. A "no" is
 * certain; lookarounds and anchors are passed over, so a "yes" is not. Throws NoAutomaton.
 */
export function canMatchDot(source: string, flags: string): boolean {
  const { positions } = automatonOf(parseExpression(source, flags).alternatives);
  const end = positions.length - 1;
  // Begun at the start: whatever may come second or later.
  const reached = new Set<number>(positions[0]?.next.keys());
  // A set gives what is added while it is walked through.
  const later = new Set<number>();
  for (const index of reached) {
    for (const next of positions[index]?.next.keys() ?? []) {
      reached.add(next);
      later.add(next);
    }
  }
  return [...later].some((index) => {
    const { element, next } = positions[index] ?? { element: null, next: new Map<number, number>() };
    if (element === null || [...next.keys()].every((each) => each === end)) return false;
    return new RegExp(`^(?:${element.raw})$`, flags).test('.');
  });
}
