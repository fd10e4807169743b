import type { Problem } from '../runtime/errors.ts';
import type { TopicPlan } from './kafka-topics.ts';

/** A topic as the cluster has it. */
export interface FoundTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Null: kept for ever. */
  readonly retentionMs: number | null;
  readonly cleanupPolicy: string;
  /** `producer`: as it was sent; anything else makes the broker compress it anew. */
  readonly compression: string;
}

/** Where an existing topic is not what the configuration says. Sluice never changes a topic: people do. */
export function topicMismatches(plan: TopicPlan, found: FoundTopic): Problem[] {
  return [
    ...partitionProblems(plan, found),
    ...cleanupProblems(plan, found),
    ...retentionProblems(plan, found),
    ...replicaProblems(plan, found),
    ...compressionProblems(plan, found),
  ];
}

/**
 * More partitions than configured are as wrong as fewer. Partition = murmur2(partition key) % partitions, and there
 * must be one truth about the divisor: for all captures, across a failover, and for whoever looks a key up with
 * another Kafka tool. A changed divisor moves keys, so that for a while two partitions hold records of one key.
 */
function partitionProblems({ topic, use, partitions }: TopicPlan, found: FoundTopic): Problem[] {
  if (use === 'dead-letters' || found.partitions === partitions) return [];
  const message = `topic ${topic} has ${found.partitions} partitions, not ${partitions}`;
  if (use === 'checkpoint') {
    return [{ message, remedy: 'Use another topic: the order of checkpoints is only kept in one partition.' }];
  }
  const remedy =
    `Set \`transport.partitions: ${found.partitions}\` for capture and workers, and restart all of them` +
    (found.partitions < partitions ? ', or add partitions to the topic.' : ', or use another topic.') +
    ' Keys move to other partitions; where partitions are new, workers flush what the rules own once.';
  return [{ message, remedy }];
}

function cleanupProblems({ topic, use }: TopicPlan, { cleanupPolicy }: FoundTopic): Problem[] {
  const policies = cleanupPolicy.split(',').map((policy) => policy.trim());
  if (use === 'checkpoint') {
    if (policies.length === 1 && policies[0] === 'compact') return [];
    const reason = policies.includes('compact') ? 'would lose an old checkpoint' : 'does not keep the last checkpoint';
    return [
      {
        message: `topic ${topic} has cleanup.policy ${cleanupPolicy}, which ${reason}`,
        remedy: 'Set `cleanup.policy=compact` on the topic.',
      },
    ];
  }
  if (!policies.includes('compact')) return [];
  return [
    {
      message: `topic ${topic} is compacted: Kafka would drop records before they are applied`,
      remedy: 'Set `cleanup.policy=delete` on the topic. Different cache keys may share a partition key.',
    },
  ];
}

/** Longer is fine: a worker that was away may come back later than expected. */
function retentionProblems({ topic, use, retentionMs }: TopicPlan, found: FoundTopic): Problem[] {
  if (use === 'checkpoint' || found.retentionMs === null) return [];
  if (retentionMs !== null && found.retentionMs >= retentionMs) return [];
  const wanted = retentionMs ?? -1;
  return [
    {
      message: `topic ${topic} keeps records for ${found.retentionMs} ms, less than the ${wanted} ms configured`,
      remedy: `Set \`retention.ms=${wanted}\` on the topic, or lower the retention in the configuration.`,
    },
  ];
}

function replicaProblems({ topic, replicationFactor }: TopicPlan, found: FoundTopic): Problem[] {
  if (found.replicationFactor >= replicationFactor) return [];
  return [
    {
      message: `topic ${topic} has ${found.replicationFactor} replicas, fewer than the ${replicationFactor} configured`,
      remedy: 'Reassign the partitions to more brokers, or lower `transport.replication_factor`.',
    },
  ];
}

const READABLE = ['producer', 'uncompressed', 'gzip'];

function compressionProblems({ topic }: TopicPlan, { compression }: FoundTopic): Problem[] {
  if (READABLE.includes(compression)) return [];
  return [
    {
      message: `topic ${topic} has compression.type ${compression}, which the Kafka client cannot read`,
      remedy: 'Set `compression.type=producer` on the topic.',
    },
  ];
}
