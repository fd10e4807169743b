import { z } from 'zod';
import { duration, flag } from './fields.ts';

export const leaseSchema = z
  .strictObject({
    enabled: flag(
      'Take the lease at all. `false` only for a source that refuses GET_LOCK (Percona XtraDB Cluster with pxc_strict_mode=ENFORCING): then nothing but your deployment keeps a second capture of this name away.',
      true,
    ),
    timeout: duration(
      'When the source has heard nothing of the active capture for so long, it gives the lease to a standby; rounded up to whole seconds. Nothing is published or applied without a confirmation in the last four fifths of it.',
      '5s',
      '2s',
    ),
  })
  .prefault({})
  .describe(
    'How `sluice run` and `sluice capture` make sure that only one of a name works: a user lock on the source.',
  );
