import type { Cluster } from 'kafkajs';
import type { Problem } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { openCluster, sendTo } from './kafka-cluster.ts';
import { describeKafkaError } from './kafka-errors.ts';
import {
  groupOperations,
  NOT_EVEN_DESCRIBE,
  topicOperations,
  type Allowed,
  type KafkaOperation,
} from './kafka-operations.ts';

/** A right that a command needs, and what for. */
export interface KafkaRight {
  readonly kind: 'topic' | 'group';
  readonly name: string;
  readonly operation: KafkaOperation;
  readonly purpose: string;
}

export interface RightsOptions {
  readonly connection: KafkaConnection;
  readonly rights: readonly KafkaRight[];
  readonly logger: Logger;
}

/**
 * The rights that the user lacks. The brokers are asked what they would allow; nothing is written, no group is joined. About a
 * topic that does not exist nothing can be said. What cannot be asked at
 * all (a broker older than 2.3, a cluster that is just starting) is no problem: it shows when the work begins.
 */
export async function checkRights({ connection, rights, logger }: RightsOptions): Promise<Problem[]> {
  const opened = await openCluster(connection, logger).catch(() => null);
  if (opened === null) return [];
  try {
    const [topics, groups] = await Promise.all([
      topicProblems(opened.cluster, rights),
      groupProblems(opened.cluster, rights),
    ]);
    return [...topics, ...groups].map((right) => lacking(connection, right));
  } catch (error) {
    logger.debug({ reason: describeKafkaError(error) }, 'the rights could not be asked for');
    return [];
  } finally {
    await opened.close();
  }
}

const ofKind = (rights: readonly KafkaRight[], kind: KafkaRight['kind']): KafkaRight[] =>
  rights.filter((right) => right.kind === kind);
const namesOf = (rights: readonly KafkaRight[]): string[] => [...new Set(rights.map(({ name }) => name))];

async function topicProblems(cluster: Cluster, rights: readonly KafkaRight[]): Promise<KafkaRight[]> {
  const wanted = ofKind(rights, 'topic');
  if (wanted.length === 0) return [];
  const allowed = await sendTo(await cluster.findControllerBroker(), topicOperations(namesOf(wanted)));
  return wanted.filter((right) =>
    isMissing(
      right,
      allowed?.find(({ name }) => name === right.name),
    ),
  );
}

/** Each group may have another coordinator. */
async function groupProblems(cluster: Cluster, rights: readonly KafkaRight[]): Promise<KafkaRight[]> {
  const wanted = ofKind(rights, 'group');
  const found = await Promise.all(namesOf(wanted).map((name) => groupAllowed(cluster, name)));
  return wanted.filter((right) =>
    isMissing(
      right,
      found.find((each) => each?.name === right.name),
    ),
  );
}

/** Any broker refuses a user who may not see the group; what else is allowed only the group's coordinator tells. */
async function groupAllowed(cluster: Cluster, groupId: string): Promise<Allowed | undefined> {
  const ask = async (broker: object): Promise<Allowed | undefined> =>
    (await sendTo(broker, groupOperations([groupId])))?.[0];
  const first = await ask(await cluster.findControllerBroker());
  if (first === undefined || first.operations !== null || NOT_EVEN_DESCRIBE.includes(first.error)) return first;
  return ask(await cluster.findGroupCoordinator({ groupId })).catch(() => undefined);
}

/** Whoever may do anything with a topic or a group may also see it: an answer that only says no is about every right. */
function isMissing({ operation }: KafkaRight, allowed: Allowed | undefined): boolean {
  if (allowed === undefined) return false;
  if (NOT_EVEN_DESCRIBE.includes(allowed.error)) return true;
  return allowed.error === 0 && allowed.operations !== null && !allowed.operations.has(operation);
}

/** As `kafka-acls` writes it; without a login the name is that of the certificate. */
function lacking({ sasl }: KafkaConnection, { kind, name, operation, purpose }: KafkaRight): Problem {
  const user = sasl === null ? 'the Kafka user' : `the Kafka user ${sasl.username}`;
  const flags = `--add --allow-principal User:${sasl?.username ?? '…'} --operation ${titled(operation)} --${kind} ${name}`;
  return {
    message: `${user} lacks ${operation} on ${kind} ${name}, which it needs ${purpose}`,
    remedy: `kafka-acls --bootstrap-server … ${flags}`,
  };
}

const titled = (operation: KafkaOperation): string =>
  operation
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
