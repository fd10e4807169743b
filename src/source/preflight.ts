import type { MysqlAddress } from '../runtime/config/config.ts';
import type { Problem } from '../runtime/errors.ts';
import { connectionProblem } from './preflight-connection.ts';
import { databaseProblems } from './preflight-database.ts';
import { leaseProblems } from './preflight-lease.ts';
import { privilegeProblems } from './preflight-privileges.ts';
import { serverProblems } from './preflight-server.ts';
import { settingProblems } from './preflight-settings.ts';
import { tableProblems } from './preflight-tables.ts';
import { readServerFacts } from './server-facts.ts';
import { openSession, type Session } from './session.ts';

export interface PreflightOptions {
  readonly address: MysqlAddress;
  /** The id our replica will use. */
  readonly serverId: number;
  readonly connectTimeoutMs: number;
  /** Whether a lease will be taken there. Default: true. */
  readonly lease?: boolean;
  /** Tables that refresh queries read from this server: the account needs SELECT on them. */
  readonly readTables?: readonly { readonly database: string; readonly name: string }[];
}

/** Everything about the source that would keep Sluice from working, each with its remedy; changes nothing there. */
export async function preflightSource(options: PreflightOptions): Promise<Problem[]> {
  const { address, connectTimeoutMs } = options;
  let session: Session;
  try {
    session = await openSession({ ...address, database: null }, connectTimeoutMs);
  } catch (error) {
    return [connectionProblem('source', address, error)];
  }
  try {
    const facts = await readServerFacts(session);
    return [
      ...(await databaseProblems((sql, values) => session.query(sql, values), address)),
      ...(await serverProblems(session, facts, options.serverId)),
      ...(await settingProblems(session)),
      ...(options.lease === false ? [] : await leaseProblems(session)),
      ...(await privilegeProblems(session, facts, address.user, options.readTables ?? [])),
      ...(await tableProblems(session, facts)),
    ];
  } catch (error) {
    return [connectionProblem('source', address, error)];
  } finally {
    session.close();
  }
}
