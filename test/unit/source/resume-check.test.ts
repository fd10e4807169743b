import { expect, it } from 'vitest';
import type { Position } from '../../../src/model/position.ts';
import { checkContinuity } from '../../../src/source/resume-check.ts';
import type { ServerFacts } from '../../../src/source/server-facts.ts';
import type { ResultRow } from '../../../src/source/session.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const settle = (): Promise<void> => new Promise(setImmediate);
const NOWHERE = { file: '', offset: 0 };

/** The check of a server that answers with these rows; `outcome` is null until it ends. */
function checked(flavour: 'mysql' | 'mariadb', gtidSet: string, answers: ResultRow) {
  const clock = new FakeClock();
  const serverUuid = flavour === 'mysql' ? 'aaaa' : '1';
  const position: Position = { flavour, serverUuid, coordinates: NOWHERE, gtidSet };
  const facts: ServerFacts = { flavour, version: '9.7.4', serverUuid, serverId: 1, gtids: true, lowerCaseNames: false };
  const server = { answers };
  const query = (sql: string): Promise<ResultRow[]> => Promise.resolve(sql.startsWith('SHOW') ? [] : [server.answers]);
  const state: { outcome: unknown } = { outcome: null };
  const options = { clock, signal: new AbortController().signal };
  checkContinuity({ query, close: () => undefined }, position, facts, options).then(
    () => (state.outcome = 'goes on'),
    (error: unknown) => (state.outcome = error),
  );
  const seconds = async (count: number): Promise<unknown> => {
    for (let second = 0; second <= count; second++) {
      await settle();
      if (second < count) clock.advance(1_000);
    }
    return state.outcome;
  };
  return { clock, server, seconds };
}

const FOLLOWED = '0-2-105';

it('waits for what MariaDB still gets from the server that was followed meanwhile', async () => {
  const { server, seconds } = checked('mariadb', FOLLOWED, { state: '0-1-100,0-2-103' });
  expect(await seconds(9)).toBeNull();
  server.answers = { state: '0-1-100,0-2-105' };
  expect(await seconds(1)).toBe('goes on');
});

it('is a gap on MariaDB when that does not come', async () => {
  const { seconds } = checked('mariadb', FOLLOWED, { state: '0-1-100' });
  expect(await seconds(9)).toBeNull();
  expect(await seconds(1)).toMatchObject({ reason: 'reset', message: expect.stringContaining(FOLLOWED) as string });
});

it.each([
  ['its own', '0-2-105,1-1-7', '0-2-103,1-1-6'],
  ['all of a domain', '0-2-105,1-2-7', '0-2-103'],
])('is a gap on MariaDB at once when it lacks %s', async (_what, ours, state) => {
  const { seconds } = checked('mariadb', ours, { state });
  expect(await seconds(0)).toMatchObject({ reason: 'reset', message: expect.stringContaining('1-') as string });
});

it('counts how long MySQL lacks transactions by time that passed, not by a clock that is set', async () => {
  const lacks = { missing: 'bbbb:7', shared: 'aaaa:1-6', owned: '', read_only: 0, super_read_only: 0 };
  const { clock, seconds } = checked('mysql', 'aaaa:1-6,bbbb:7', lacks);
  expect(await seconds(1)).toBeNull();
  clock.set(3_600_000);
  expect(await seconds(8)).toBeNull();
  clock.set(-7_200_000);
  expect(await seconds(1)).toMatchObject({ reason: 'transactions_lost' });
});
