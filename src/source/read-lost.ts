import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { isAtLeast } from './server-facts.ts';
import { replicationOf } from './lost-transactions.ts';
import type { Session } from './session.ts';

/**
 * What a server says of a transaction. `late`: it may still come. `lost`: it never will; one of the server itself that it is
 * not committing was lost, with its log or in a crash, and one of another server where nobody could bring it. `stopped`: nobody
 * brings it, but somebody could: a replica that was promoted without it, or one that was only stopped and is behind.
 */
export type Missing = 'late' | 'stopped' | 'lost';

/** Of a transaction that is not visible here. An account that may not ask gets `late`. */
export async function missingBecause(connection: PoolConnection, gtid: string): Promise<Missing> {
  const session: Pick<Session, 'query'> = {
    query: async (sql) => {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    },
  };
  try {
    const [row] = await session.query(
      'SELECT VERSION() AS version, @@GLOBAL.server_uuid AS uuid, @@GLOBAL.gtid_owned AS owned',
    );
    const { version, uuid, owned } = row ?? {};
    if (typeof version !== 'string' || typeof uuid !== 'string' || typeof owned !== 'string') return 'late';
    const number = gtid.slice(gtid.lastIndexOf(':') + 1);
    // `uuid:7#12`: thread 12 is committing number 7.
    if (gtid.toLowerCase().startsWith(`${uuid.toLowerCase()}:`)) return owned.includes(`:${number}#`) ? 'late' : 'lost';
    if (!isAtLeast(version, [8, 0, 0])) return 'late';
    const replication = await replicationOf(session, version);
    return replication === 'runs' ? 'late' : replication === 'none' ? 'lost' : 'stopped';
  } catch {
    return 'late';
  }
}
