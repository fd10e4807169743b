import { systemClock } from '../../../src/runtime/clock.ts';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { MysqlLease, type MysqlLeaseOptions } from '../../../src/source/mysql-lease.ts';

export function openLease(
  address: MysqlAddress,
  name: string,
  options: Partial<MysqlLeaseOptions> = {},
): { lease: MysqlLease; metrics: Metrics } {
  const metrics = new Metrics();
  const lease = new MysqlLease({
    name,
    address,
    timeoutMs: 5_000,
    verify: () => Promise.resolve(),
    clock: systemClock,
    logger: silentLogger,
    metrics,
    ...options,
  });
  return { lease, metrics };
}
