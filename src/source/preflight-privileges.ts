import type { Problem } from '../runtime/errors.ts';
import type { ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

interface Privilege {
  /** Any of these names in a grant will do; the first is the one to ask for. */
  readonly names: readonly [string, ...string[]];
  readonly purpose: string;
}

const NEEDED: Record<ServerFacts['flavour'], readonly Privilege[]> = {
  mysql: [
    { names: ['REPLICATION SLAVE'], purpose: 'to read the binary log' },
    { names: ['REPLICATION CLIENT', 'SUPER'], purpose: 'to ask where the binary log ends' },
  ],
  mariadb: [
    { names: ['REPLICATION SLAVE', 'REPLICATION REPLICA'], purpose: 'to read the binary log' },
    { names: ['BINLOG MONITOR', 'REPLICATION CLIENT'], purpose: 'to ask where the binary log ends' },
  ],
};

/** ER_TABLEACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR. */
const SELECT_DENIED: readonly unknown[] = [1142, 1044];

/** What the account lacks, by the names the server uses in GRANT. */
export async function privilegeProblems(
  session: Session,
  facts: ServerFacts,
  user: string,
  readTables: readonly { readonly database: string; readonly name: string }[],
): Promise<Problem[]> {
  const granted = await globalPrivileges(session, facts);
  const account = `'${user}'@'…'`;
  const missing = granted.has('ALL PRIVILEGES')
    ? []
    : NEEDED[facts.flavour].filter(({ names }) => !names.some((name) => granted.has(name)));
  const problems = missing.map(({ names: [name], purpose }) => ({
    message: `the account '${user}' lacks ${name}, which it needs ${purpose}`,
    remedy: `GRANT ${name} ON *.* TO ${account};`,
  }));
  for (const { database, name } of readTables) {
    if (await maySelect(session, database, name)) continue;
    problems.push({
      message: `the account '${user}' lacks SELECT on ${database}.${name}, which a refresh query reads`,
      remedy: `GRANT SELECT ON \`${database}\`.\`${name}\` TO ${account};`,
    });
  }
  return problems;
}

/** Names of what is granted on *.*, with the active roles. */
async function globalPrivileges(session: Session, facts: ServerFacts): Promise<Set<string>> {
  const rows = await session.query(await grantsStatement(session, facts));
  const grants = rows.flatMap(
    (row) => /^GRANT (.+) ON \*\.\* TO /i.exec(text(row, Object.keys(row)[0] ?? ''))?.[1] ?? [],
  );
  return new Set(grants.flatMap((grant) => grant.split(',').map((name) => name.trim().toUpperCase())));
}

/** MariaDB lists the current role by itself; MySQL must be told which roles to add. */
async function grantsStatement(session: Session, facts: ServerFacts): Promise<string> {
  if (facts.flavour === 'mariadb') return 'SHOW GRANTS';
  const [row] = await session.query('SELECT CURRENT_ROLE() AS roles');
  const roles = text(row, 'roles');
  return `SHOW GRANTS FOR CURRENT_USER()${roles === '' || roles === 'NONE' ? '' : ` USING ${roles}`}`;
}

async function maySelect(session: Session, database: string, name: string): Promise<boolean> {
  try {
    await session.query('SELECT 1 FROM ??.?? LIMIT 0', [database, name]);
    return true;
  } catch (error) {
    // A table that is not there is somebody else's problem.
    return !SELECT_DENIED.includes((error as { errno?: unknown }).errno);
  }
}
