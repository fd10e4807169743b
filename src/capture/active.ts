/** Composition of what makes this process the only active capture of its name: the lease on the source, and the stores' tokens. */
import type { Runtime } from '../daemon.ts';
import type { CheckpointStore, Lease } from '../ports.ts';
import { ClaimedStore } from '../progress/claimed-store.ts';
import { OpenLease } from '../progress/open-lease.ts';
import { MysqlLease } from '../source/mysql-lease.ts';

export interface ActiveCapture {
  readonly lease: Lease;
  /** To be used in the store's place: its token proves, after a lost connection, that nobody else has worked meanwhile. */
  readonly claimed: (store: CheckpointStore) => CheckpointStore;
}

export function createActiveCapture({ config, clock, logger, metrics }: Runtime): ActiveCapture {
  const stores: ClaimedStore[] = [];
  const lease = config.lease.enabled
    ? new MysqlLease({
        name: config.name,
        address: config.source.address,
        timeoutMs: config.lease.timeoutMs,
        verify: async () => void (await Promise.all(stores.map((store) => store.verify()))),
        clock,
        logger: logger.child({ component: 'lease' }),
        metrics,
      })
    : new OpenLease();
  if (!config.lease.enabled) metrics.set('sluice_lease_held', { daemon: config.name }, 1);
  return {
    lease,
    claimed: (store) => {
      const claimed = new ClaimedStore(store, lease);
      stores.push(claimed);
      return claimed;
    },
  };
}
