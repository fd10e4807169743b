import { expect, it } from 'vitest';
import type { Logger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { Prepared } from '../../../src/source/decoder.ts';
import { PreparedWatch } from '../../../src/source/prepared-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function watched() {
  const warnings: unknown[] = [];
  const logger = { warn: (fields: unknown) => warnings.push(fields) } as unknown as Logger;
  const metrics = new Metrics();
  const clock = new FakeClock(1_000_000);
  const watch = new PreparedWatch({ pipeline: 'main', clock, logger, metrics });
  const follow = (prepared: Prepared): void => watch.follow({ prepared });
  const shown = async (name: string): Promise<string | undefined> =>
    (await metrics.text()).split('\n').find((line) => line.startsWith(`${name}{`));
  return { watch, warnings, clock, follow, shown };
}

const prepared = (preparedAtMs: number, offset: number): Prepared => ({
  count: 2,
  oldest: { gtid: null, begin: { file: 'binlog.000001', offset }, preparedAtMs },
});

it('shows how many are prepared and how old the oldest is', async () => {
  const { follow, shown } = watched();
  expect(await shown('sluice_xa_prepared')).toBe('sluice_xa_prepared{pipeline="main"} 0');
  follow(prepared(990_000, 4));
  expect(await shown('sluice_xa_prepared')).toBe('sluice_xa_prepared{pipeline="main"} 2');
  expect(await shown('sluice_xa_oldest_prepared_seconds')).toBe(
    'sluice_xa_oldest_prepared_seconds{pipeline="main"} 10',
  );
  follow({ count: 0, oldest: null });
  expect(await shown('sluice_xa_oldest_prepared_seconds')).toBe('sluice_xa_oldest_prepared_seconds{pipeline="main"} 0');
});

it('warns once of each that is the oldest for a minute, and where it is', () => {
  const { watch, warnings, clock, follow } = watched();
  follow(prepared(940_000, 4));
  watch.check();
  clock.advance(59_999);
  watch.check();
  expect(warnings).toEqual([]);
  clock.advance(1);
  watch.check();
  watch.check();
  expect(warnings).toMatchObject([{ place: 'binlog.000001:4', prepared: 2, preparedAt: '1970-01-01T00:15:40.000Z' }]);
  follow(prepared(900_000, 99));
  watch.check();
  expect(warnings).toHaveLength(1);
  clock.advance(60_000);
  watch.check();
  expect(warnings).toHaveLength(2);
});

it('warns of none whose end comes soon after it in a backlog, however long ago it was prepared', () => {
  const { watch, warnings, clock, follow } = watched();
  for (let offset = 4; offset < 1_000; offset++) {
    follow(prepared(0, offset));
    watch.check();
    clock.advance(500);
  }
  follow({ count: 0, oldest: null });
  watch.check();
  expect(warnings).toEqual([]);
});

it('counts no time in which somebody only sets the clock', () => {
  const { watch, warnings, clock, follow } = watched();
  follow(prepared(1_000_000, 4));
  watch.check();
  clock.set(3_600_000);
  watch.check();
  expect(warnings).toEqual([]);
});
