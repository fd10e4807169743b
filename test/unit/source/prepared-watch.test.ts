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

it('warns once of each that has waited for a minute, and where it is', () => {
  const { watch, warnings, follow } = watched();
  follow(prepared(941_000, 4));
  watch.check();
  expect(warnings).toEqual([]);
  follow(prepared(940_000, 4));
  watch.check();
  watch.check();
  expect(warnings).toMatchObject([{ place: 'binlog.000001:4', prepared: 2, preparedAt: '1970-01-01T00:15:40.000Z' }]);
  follow(prepared(900_000, 99));
  watch.check();
  expect(warnings).toHaveLength(2);
});
