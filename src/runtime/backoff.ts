/** Full jitter (random between 0 and the capped exponential): many waiting clients do not come back together. */
export function fullJitterMs(attempt: number, { baseMs, maxMs }: { baseMs: number; maxMs: number }): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}
