import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { chunksOf, ours, Pipeline, stock, type Chunk } from '../../../bench/decode.ts';
import { summarise } from '../../../bench/statistics.ts';

/** The packets of a real log, as `npm run bench -- --scenario decode` records them; its head comes once, its transactions many times. */
const PACKETS = readFileSync(new URL('single-row-updates.hex', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const EVENT_TYPE_AT = 9;
const GTID = 33;
const XID = 16;
const TRANSACTIONS = 20;
const TIMES = 300;
const ROUNDS = 7;
/** Compilers are at work in the first ones. */
const WARM_UP_ROUNDS = 3;
/**
 * Half of the five that is usual here; `npm run bench` asks for ten. The test runner rewrites our imports, not those of the library, which costs us
 * a half. A guard against a mistake that doubles the cost, which must never fail because a machine is busy.
 */
const AT_LEAST = 2.5;

/**
 * Both sides of a round are measured in processor time, which other programs of the machine do not count in, and one right after the other,
 * so that caches and clock rates are the same for both. The median of the rounds is one measurement: a single round may be hit by
 * a garbage collection. None is repeated because its result was bad.
 */
describe('the cost of a row', () => {
  let chunks: Chunk[];

  beforeAll(() => {
    const packets = PACKETS.map((line) => Buffer.from(line, 'hex'));
    const types = packets.map((packet) => packet[EVENT_TYPE_AT]);
    const [first, last] = [types.indexOf(GTID), types.lastIndexOf(XID) + 1];
    const repeated = Array.from({ length: TIMES }, () => packets.slice(first, last)).flat();
    chunks = chunksOf([...packets.slice(0, first), ...repeated]);
  });

  it('is less than half of what the parser of zongji takes, with one rule evaluated', async () => {
    const ratios: number[] = [];
    const pipeline = new Pipeline(true);
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      const theirs = await cpuMs(() => stock(chunks));
      const our = await cpuMs(() => ours(chunks, pipeline));
      if (round >= WARM_UP_ROUNDS) ratios.push(theirs / our);
    }
    expect(summarise(ratios).median, ratios.map((ratio) => ratio.toFixed(1)).join(', ')).toBeGreaterThan(AT_LEAST);
  });
});

async function cpuMs(run: () => number | Promise<number>): Promise<number> {
  const before = process.cpuUsage();
  expect(await run()).toBe(TRANSACTIONS * TIMES);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
