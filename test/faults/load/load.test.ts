import { expect, it } from 'vitest';
import { countGtids } from './committed.ts';
import { Pace } from './pace.ts';

it('counts the transactions of a GTID set, with tags too', () => {
  expect(countGtids('')).toBe(0);
  expect(
    countGtids('e7f65ec4-e5c8-11f1-ba93-02fc00000001:1-10:12,\nf7f65ec4-e5c8-11f1-ba93-02fc00000001:1-3:blue:5-6'),
  ).toBe(16);
});

it('gives turns at one pace, however many ask for them', async () => {
  const begunMs = performance.now();
  const pace = new Pace(1_000);
  let turns = 0;
  const writer = async (): Promise<void> => {
    while (performance.now() - begunMs < 300) await pace.turn().then(() => turns++);
  };
  await Promise.all(Array.from({ length: 20 }, writer));
  // Those who waited in the end had theirs too; a timer may be early by a part of a millisecond.
  expect(turns).toBeLessThanOrEqual(300 + 2 * 20);
  expect(turns).toBeGreaterThan(200);
});

it('does not make good what an outage has taken', async () => {
  const pace = new Pace(100);
  await pace.turn();
  await new Promise((resolve) => setTimeout(resolve, 600));
  const begunMs = performance.now();
  for (let turn = 0; turn < 40; turn++) await pace.turn();
  // A quarter of a second of it at once, the rest at the pace.
  expect(performance.now() - begunMs).toBeGreaterThan(100);
});
