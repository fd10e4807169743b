import { expect, it } from 'vitest';
import { replayLetters, type Replayed, type ReplayOptions } from '../../../src/letters/replay.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import type { StoredLetter } from '../../../src/transport/letter-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { refreshOf } from '../../support/invalidations.ts';
import { rulesOf } from '../../support/rules.ts';

const ruleSet = rulesOf(`rules:
  - name: total
    table: shop.orders
    keys: ["total:{id}"]
    action: {refresh: {query: "SELECT COUNT(*) AS n FROM orders WHERE id = :id"}}
`);
const invalidation = refreshOf('total:1', 7, { id: 1 }, { rule: 'total' });

/** What one letter about a refresh by query would do. */
async function meaning(kind: 'in-process' | 'kafka'): Promise<Replayed[]> {
  const content = { kind: 'record', invalidation, truncated: false } as const;
  const letter = { reason: 'READ_REFUSED', target: null, place: '', keptAtMs: 0, content };
  const stored: StoredLetter = { id: '1', text: '', letter, damage: '' };
  const config = { transport: { kind }, apply: { versionTtlMs: 1_000 } } as unknown as ReplayOptions['config'];
  const { signal } = new AbortController();
  const options = { config, ruleSet, dryRun: true, clock: new FakeClock(), logger: silentLogger, signal };
  const letters = (async function* () {
    yield await Promise.resolve(stored);
  })();
  const replayed: Replayed[] = [];
  for await (const chunk of replayLetters(letters, options)) replayed.push(...chunk);
  return replayed;
}

it('replays a refresh by query through the topic, and as a delete where it would pass by the flushes of a daemon', async () => {
  expect(await meaning('kafka')).toMatchObject([{ invalidations: [invalidation], failure: null }]);
  expect(await meaning('in-process')).toMatchObject([
    { invalidations: [{ action: 'delete', key: 'total:1', version: 7, versioned: true }], failure: null },
  ]);
});
