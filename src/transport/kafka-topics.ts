import type { Admin } from 'kafkajs';
import { systemClock } from '../runtime/clock.ts';
import type { Problem } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { connectionProblem } from './kafka-connection-problem.ts';
import { describeKafkaError, isKafkaError } from './kafka-errors.ts';
import { topicMismatches, type FoundTopic } from './kafka-topic-mismatch.ts';

/** A topic as Sluice needs it. */
export interface TopicPlan {
  readonly topic: string;
  /**
   * `invalidations`: the partitions decide where a key goes. `dead-letters`: any number of partitions will do.
   * `checkpoint`: compacted, one partition, kept for ever.
   */
  readonly use: 'invalidations' | 'dead-letters' | 'checkpoint';
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Null: records are kept until compaction drops them (`checkpoint`), or for ever. */
  readonly retentionMs: number | null;
}

export interface TopicOptions {
  readonly connection: KafkaConnection;
  readonly topics: readonly TopicPlan[];
  readonly logger: Logger;
  readonly connectionTimeoutMs?: number;
}

/**
 * Everything wrong with the cluster or the topics, each with its remedy; changes nothing. A topic that is missing is
 * only asked about (a creation with `validateOnly`), so that a missing privilege or too few brokers are found now.
 */
export function checkTopics(options: TopicOptions): Promise<Problem[]> {
  return withAdmin(options, (admin) => inspect(admin, options, 'validate'));
}

/** The same, but missing topics are created. Nothing about an existing topic is ever changed. */
export function ensureTopics(options: TopicOptions): Promise<Problem[]> {
  return withAdmin(options, (admin) => inspect(admin, options, 'create'));
}

async function withAdmin(options: TopicOptions, work: (admin: Admin) => Promise<Problem[]>): Promise<Problem[]> {
  const { connection, logger, connectionTimeoutMs = 3_000 } = options;
  const admin = createKafkaClient({ connection, logger, connectionTimeoutMs, retries: 1 }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    return [connectionProblem(connection, error)];
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function inspect(admin: Admin, options: TopicOptions, mode: 'validate' | 'create'): Promise<Problem[]> {
  const existing = new Set(await admin.listTopics());
  const problems: Problem[] = [];
  for (const plan of options.topics) {
    if (existing.has(plan.topic)) problems.push(...(await inspectTopic(admin, plan)));
    else problems.push(...(await createTopic(admin, plan, mode, options.logger)));
  }
  return problems;
}

type TopicAdmin = Pick<Admin, 'fetchTopicMetadata' | 'describeConfigs'>;

/** A topic another process created just now exists for the controller before every broker has heard of it. */
const NOT_YET_KNOWN = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'] as const;
const BECOMES_KNOWN = { attempts: 50, everyMs: 200 };

/** What an existing topic has wrong. Waits some seconds for one that the brokers do not all know yet. */
export async function inspectTopic(admin: TopicAdmin, plan: TopicPlan): Promise<Problem[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return topicMismatches(plan, await findTopic(admin, plan.topic));
    } catch (error) {
      if (!isKafkaError(error, ...NOT_YET_KNOWN) || attempt === BECOMES_KNOWN.attempts)
        return [topicProblem(plan, 'cannot be examined', error, 'DESCRIBE and DESCRIBE_CONFIGS')];
    }
    await systemClock.sleep(BECOMES_KNOWN.everyMs);
  }
}

async function findTopic(admin: TopicAdmin, topic: string): Promise<FoundTopic> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  return {
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    ...(await readSettings(admin, topic)),
  };
}

async function readSettings(
  admin: TopicAdmin,
  topic: string,
): Promise<Omit<FoundTopic, 'partitions' | 'replicationFactor'>> {
  const TOPIC = 2; // ConfigResourceTypes.TOPIC: kafkajs declares it as a value its module does not export to ESM
  const configNames = ['retention.ms', 'cleanup.policy', 'compression.type'];
  const { resources } = await admin.describeConfigs({
    resources: [{ type: TOPIC, name: topic, configNames }],
    includeSynonyms: false,
  });
  const entries = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  const retentionMs = Number(entries.get('retention.ms') ?? '-1');
  return {
    retentionMs: retentionMs < 0 ? null : retentionMs,
    cleanupPolicy: entries.get('cleanup.policy') ?? 'delete',
    compression: entries.get('compression.type') ?? 'producer',
  };
}

async function createTopic(
  admin: Admin,
  plan: TopicPlan,
  mode: 'validate' | 'create',
  logger: Logger,
): Promise<Problem[]> {
  const settings: Record<string, string> =
    plan.use === 'checkpoint'
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(plan.retentionMs ?? -1) };
  try {
    const created = await admin.createTopics({
      validateOnly: mode === 'validate',
      waitForLeaders: mode === 'create',
      timeout: 10_000,
      topics: [
        {
          topic: plan.topic,
          numPartitions: plan.partitions,
          replicationFactor: plan.replicationFactor,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    if (mode === 'create' && created) logger.info({ topic: plan.topic, partitions: plan.partitions }, 'topic created');
    // Somebody else was faster, perhaps with other settings.
    return created ? [] : await inspectTopic(admin, plan);
  } catch (error) {
    // It was made, and the broker that the client asked for its leaders has not heard of it.
    if (mode === 'create' && isKafkaError(error, ...NOT_YET_KNOWN)) return inspectTopic(admin, plan);
    if (isKafkaError(error, 'INVALID_REPLICATION_FACTOR')) {
      return [
        {
          message: `topic ${plan.topic} cannot be created with ${plan.replicationFactor} replicas: ${describeKafkaError(error)}`,
          remedy: 'Lower `transport.replication_factor` to at most the number of brokers, or start more brokers.',
        },
      ];
    }
    return [
      topicProblem(
        plan,
        'does not exist, or may not be seen, and cannot be created',
        error,
        'CREATE (or DESCRIBE, if it exists)',
      ),
    ];
  }
}

function topicProblem(plan: TopicPlan, what: string, error: unknown, privileges: string): Problem {
  const remedy = isKafkaError(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED')
    ? `Grant ${privileges} on the topic to the Kafka user, or create the topic by hand.`
    : 'Look at the brokers, or create the topic by hand.';
  return { message: `topic ${plan.topic} ${what}: ${describeKafkaError(error)}`, remedy };
}
