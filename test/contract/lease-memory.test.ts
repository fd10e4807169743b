import { MemoryLease, type LeasePlace } from '../support/memory-lease.ts';
import { describeLease } from './lease.suite.ts';

describeLease('MemoryLease', () => {
  const place: LeasePlace = { holder: null, waiting: new Set() };
  return Promise.resolve({
    open: (verify) => {
      const lease = new MemoryLease(place, verify);
      return { lease, cut: () => lease.cut() };
    },
  });
});
