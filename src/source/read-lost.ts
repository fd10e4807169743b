import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { isAtLeast } from './server-facts.ts';
import { isLeftAlone } from './lost-transactions.ts';
import type { Session } from './session.ts';

/**
 * Will a transaction that is late never become visible here? One of the server itself that it is not committing was lost, with
 * its log or in a crash. One of another server is lost when nobody brings it. An account that may not ask gets "no".
 */
export async function isLost(connection: PoolConnection, gtid: string): Promise<boolean> {
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
    if (typeof version !== 'string' || typeof uuid !== 'string' || typeof owned !== 'string') return false;
    const number = gtid.slice(gtid.lastIndexOf(':') + 1);
    // `uuid:7#12`: thread 12 is committing number 7.
    if (gtid.toLowerCase().startsWith(`${uuid.toLowerCase()}:`)) return !owned.includes(`:${number}#`);
    return isAtLeast(version, [8, 0, 0]) && (await isLeftAlone(session, version));
  } catch {
    return false;
  }
}
