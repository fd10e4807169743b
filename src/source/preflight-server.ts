import type { Problem } from '../runtime/errors.ts';
import { isAtLeast, type ServerFacts } from './server-facts.ts';
import { replicasWithId } from './server-id.ts';
import type { Session } from './session.ts';

const OLDEST = { mysql: [8, 0, 14], mariadb: [10, 5, 0] } as const;

/** Flavour and version, and the ids of the topology. */
export async function serverProblems(session: Session, facts: ServerFacts, serverId: number): Promise<Problem[]> {
  const problems: Problem[] = [];
  const oldest = OLDEST[facts.flavour];
  if (!isAtLeast(facts.version, oldest)) {
    const name = facts.flavour === 'mysql' ? 'MySQL' : 'MariaDB';
    problems.push({
      message: `the source runs ${name} ${facts.version}; Sluice needs ${name} ${oldest.join('.')} or later`,
      remedy: 'Upgrade the server: older ones cannot write the names of the columns into the binary log.',
    });
  }
  if (facts.serverId === 0) {
    problems.push({
      message: 'server_id of the source is 0, and such a server refuses replicas',
      remedy: 'SET GLOBAL server_id = 1; (any number that is unique in the topology; also in the configuration file)',
    });
  }
  if (facts.serverId === serverId) {
    problems.push({
      message: `source.server_id is ${serverId}, which is the id of the source itself`,
      remedy: 'Give source.server_id another number, one that no server or replica of the topology has.',
    });
  }
  const others = await othersWithId(session, facts, serverId);
  if (others.length > 0) {
    problems.push({
      message: `server id ${serverId} is in use by the replica ${others.join(', ')}`,
      remedy: 'Give source.server_id another number: two replicas with one id evict each other for ever.',
    });
  }
  return problems;
}

/** Without the privilege to ask nobody is found; the missing privilege is a problem of its own. */
async function othersWithId(session: Session, facts: ServerFacts, serverId: number): Promise<string[]> {
  try {
    return await replicasWithId(session, facts, serverId);
  } catch {
    return [];
  }
}
