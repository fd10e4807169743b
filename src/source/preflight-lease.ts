import { errorMessage, type Problem } from '../runtime/errors.ts';
import type { Session } from './session.ts';

const NAME = 'sluice:preflight';

/** Whether the server grants user locks at all: some clusters refuse them, and a lease that is never held looks like a standby. */
export async function leaseProblems(session: Pick<Session, 'query'>): Promise<Problem[]> {
  try {
    await session.query('SELECT GET_LOCK(?, 0), RELEASE_LOCK(?)', [NAME, NAME]);
    return [];
  } catch (error) {
    return [
      {
        message: `the source refuses GET_LOCK, which keeps a second capture of one name away: ${errorMessage(error)}`,
        remedy:
          'Percona XtraDB Cluster does so with pxc_strict_mode=ENFORCING: relax it, or set `lease.enabled: false` and never start a second one.',
      },
    ];
  }
}
