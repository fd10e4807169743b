import { PartitionAssigners, type Cluster } from 'kafkajs';
import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';

export interface OpenedCluster {
  readonly cluster: Cluster;
  close(): Promise<void>;
}

/**
 * The client's own view of the cluster, for requests that its public interface does not have. kafkajs hands it to the
 * partition assigner of a consumer; one that is only connected never joins its group, and so needs no right on it.
 */
export async function openCluster(connection: KafkaConnection, logger: Logger): Promise<OpenedCluster> {
  let cluster: Cluster | undefined;
  const client = createKafkaClient({ connection, logger, connectionTimeoutMs: 3_000, retries: 1 });
  const consumer = client.consumer({
    groupId: `${connection.clientId}-rights`,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  const close = (): Promise<void> => consumer.disconnect().catch(() => undefined);
  try {
    await consumer.connect();
    if (cluster === undefined) throw new Error('the Kafka client has not told its cluster');
    // Until then it knows no broker but the one it asked first.
    await cluster.refreshMetadata();
    return { cluster, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A request of the Kafka protocol as kafkajs sends it: its API key and version, its body, and what to make of the answer. */
export interface ProtocolRequest<Answer> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly read: (answer: Buffer) => Answer;
}

interface SendingBroker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: { send(protocol: object): Promise<unknown> };
}

/** Null: the broker is too old to know this version of the request. */
export async function sendTo<Answer>(broker: object, request: ProtocolRequest<Answer>): Promise<Answer | null> {
  const { versions, connectionPool } = broker as SendingBroker;
  const { apiKey, apiVersion, apiName, body, read } = request;
  if ((versions?.[apiKey]?.maxVersion ?? 0) < apiVersion) return null;
  return (await connectionPool.send({
    // What kafkajs copies out of an encoder.
    request: { apiKey, apiVersion, apiName, encode: () => Promise.resolve({ buf: body, buffer: body }) },
    response: { decode: (answer: Buffer) => Promise.resolve({ answer: read(answer) }), parse: pickAnswer },
  })) as Answer;
}

const pickAnswer = ({ answer }: { answer: unknown }): Promise<unknown> => Promise.resolve(answer);
