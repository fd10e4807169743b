import type { Cluster } from 'kafkajs';
import type { CommittedOffset } from './group-place.ts';
import { sendTo } from './kafka-cluster.ts';
import { topicIdOf } from './kafka-topic-id.ts';

export interface PartitionEnds {
  /** The oldest record. */
  readonly low: number;
  /** Behind the newest. */
  readonly high: number;
}

const TOPIC_ID = /^[0-9a-f]{32}$/;

/** What the brokers say about a topic and the offsets of a group in it, asked over the connections of its own consumer. */
export class KafkaGroupView {
  readonly #topic: string;
  readonly #group: string;
  readonly #cluster: () => Cluster;

  constructor(options: { readonly topic: string; readonly group: string; readonly cluster: () => Cluster }) {
    this.#topic = options.topic;
    this.#group = options.group;
    this.#cluster = options.cluster;
  }

  /** Null: the brokers are older than 2.8, and nobody can tell. Throws while the topic is not there. */
  async topicId(): Promise<string | null> {
    const answer = await sendTo(await this.#cluster().findControllerBroker(), topicIdOf(this.#topic));
    if (answer === null) return null;
    if (answer.error !== 0) throw new Error(`topic ${this.#topic} is not there (error ${answer.error})`);
    return answer.id;
  }

  /** Of all partitions, as far as this client knows them. */
  partitions(): readonly number[] {
    return this.#cluster()
      .findTopicPartitionMetadata(this.#topic)
      .map(({ partitionId }) => partitionId);
  }

  /** Of these partitions. An offset that was committed with other words than ours is of an unknown topic. */
  async committed(partitions: readonly number[]): Promise<Map<number, CommittedOffset>> {
    const coordinator = await this.#cluster().findGroupCoordinator({ groupId: this.#group });
    // What is asked for has no offset; kafkajs types question and answer alike.
    const wanted = partitions.map((partition) => ({ partition, offset: '' }));
    const { responses } = await coordinator.offsetFetch({
      groupId: this.#group,
      topics: [{ topic: this.#topic, partitions: wanted }],
    });
    const answers = responses[0]?.partitions ?? [];
    return new Map(answers.map((each) => [each.partition, { offset: Number(each.offset), topicId: topicIdIn(each) }]));
  }

  async ends(partitions: readonly number[]): Promise<Map<number, PartitionEnds>> {
    const lows = await this.#ask(partitions, true);
    const highs = await this.#ask(partitions, false);
    return new Map(
      partitions.map((partition) => {
        const [low, high] = [lows.get(partition), highs.get(partition)];
        if (low === undefined || high === undefined) throw new Error(`nobody says where partition ${partition} ends`);
        return [partition, { low, high }];
      }),
    );
  }

  /** After something has failed: the leaders may be others. */
  refresh(): Promise<void> {
    return this.#cluster().refreshMetadata();
  }

  async #ask(partitions: readonly number[], fromBeginning: boolean): Promise<Map<number, number>> {
    const wanted = partitions.map((partition) => ({ partition }));
    const [answer] = await this.#cluster().fetchTopicsOffset([
      { topic: this.#topic, partitions: wanted, fromBeginning },
    ]);
    return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }
}

function topicIdIn(committed: object): string | null {
  const { metadata } = committed as { metadata?: unknown };
  return typeof metadata === 'string' && TOPIC_ID.test(metadata) ? metadata : null;
}
