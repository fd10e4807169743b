import { Kafka, logLevel, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Logger } from '../runtime/logger.ts';
import { fencedSocketFactory } from './kafka-fenced-socket.ts';
import { removeIdleTimer } from './kafka-idle-timer.ts';
import { cleanReconnects } from './kafka-reconnect.ts';

/** How to reach a Kafka cluster; the Kafka part of the configuration has this shape. */
export interface KafkaConnection {
  /** `host:port` each; the rest of the cluster is learned from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** PEM texts; `verify: false` accepts any certificate. Null: no TLS. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly verify: boolean;
  } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

export interface KafkaClientOptions {
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  /** How often kafkajs itself repeats a request before it throws. Ours is the loop around it. */
  readonly retries?: number;
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Throws if nothing may be sent at this moment; asked right before anything is written to a broker. */
  readonly permit?: () => void;
}

/**
 * Both libraries ask the first broker that lets them connect, always; one whose process is frozen does, and never answers. So each
 * client begins with another one, by chance: whoever gives up and makes a new client comes past it.
 */
export function fromAnywhere(brokers: readonly string[]): string[] {
  const first = Math.floor(Math.random() * brokers.length);
  return [...brokers.slice(first), ...brokers.slice(0, first)];
}

/**
 * A kafkajs client. Every publisher and subscription makes its own: the consumers of one client share their table of
 * committed offsets per group, so two members of a group would overwrite each other's.
 */
export function createKafkaClient(options: KafkaClientOptions): Kafka {
  removeIdleTimer();
  cleanReconnects();
  const { connection, logger } = options;
  const config: KafkaConfig = {
    brokers: fromAnywhere(connection.brokers),
    clientId: connection.clientId,
    connectionTimeout: options.connectionTimeoutMs ?? 5_000,
    requestTimeout: options.requestTimeoutMs ?? 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: options.retries ?? 5 },
    logLevel: logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.WARN,
    logCreator: () => (entry) => writeLog(logger, entry),
  };
  if (options.permit !== undefined) config.socketFactory = fencedSocketFactory(options.permit);
  if (connection.tls !== null) {
    const { ca, cert, key, verify } = connection.tls;
    config.ssl = {
      rejectUnauthorized: verify,
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
    };
  }
  if (connection.sasl !== null) config.sasl = connection.sasl as SASLOptions;
  return new Kafka(config);
}

/** One step down: what kafkajs calls an error it usually mends itself; what is final reaches us as a thrown error. */
function writeLog(logger: Logger, { level, namespace, log }: LogEntry): void {
  // Said at every creation of an idempotent producer with bounded retries: ours is bounded because KafkaSender repeats.
  if (log.message.startsWith('Limiting retries for the idempotent producer')) return;
  const {
    message,
    timestamp: _timestamp,
    logger: _name,
    stack: _stack,
    ...details
  } = log as Record<string, unknown> & { message: string };
  const fields = { kafka: namespace, ...details };
  if (level === logLevel.ERROR) logger.warn(fields, message);
  else if (level === logLevel.WARN) logger.info(fields, message);
  else logger.debug(fields, message);
}
