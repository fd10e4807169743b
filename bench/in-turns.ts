import type { Bench, Results } from './scenario.ts';

/** One run of a contestant: the numbers it was measured by. */
export type Contestant<Name extends string> = (run: number) => Promise<Readonly<Record<Name, number>>>;

/** Every contestant once, then every one again: a slow minute of the machine hits all of them. */
export async function inTurns<Name extends string>(
  { runs, progress }: Pick<Bench, 'runs' | 'progress'>,
  what: string,
  contestants: Readonly<Record<string, Contestant<Name>>>,
): Promise<Readonly<Record<Name, Results>>> {
  const results: Record<string, Record<string, number[]>> = {};
  for (let run = 1; run <= runs; run++) {
    for (const [who, measure] of Object.entries(contestants)) {
      const numbers = await measure(run);
      progress(`${what}: run ${run} of ${runs}: ${who}: ${told(numbers)}`);
      for (const [name, value] of Object.entries<number>(numbers)) ((results[name] ??= {})[who] ??= []).push(value);
    }
  }
  return results as unknown as Readonly<Record<Name, Results>>;
}

function told(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name} ${numberText(value)}`)
    .join(', ');
}

/** Three digits that mean something, and thousands apart. */
export function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
