/**
 * The configuration as the rest of the program sees it: every default filled in, every path absolute, every URL taken
 * apart, every certificate read, every unit in a name. `schema.ts` says what a person may write; `resolve.ts` turns
 * the one into the other.
 */
import type { GapPolicy } from '../../model/gap.ts';
import type { Start } from '../../model/position.ts';
import type { DeadLetterLimits } from '../dead-letter-limit.ts';
import type { LogLevel } from '../logger.ts';

export interface Config {
  /** Names the daemon: checkpoint, server id, consumer groups and topic are derived from it. */
  readonly name: string;
  /** Absolute paths of rule files, or folders of them; at least one. */
  readonly rules: readonly string[];
  /** `watch`: a rule file that changes is reloaded. */
  readonly reload: { readonly watch: boolean };
  readonly source: SourceConfig;
  readonly read: ReadConfig;
  /** At least one; names are unique. */
  readonly targets: readonly TargetConfig[];
  readonly transport: TransportConfig;
  readonly apply: ApplyConfig;
  /** `timeoutMs` in whole seconds. */
  readonly lease: { readonly enabled: boolean; readonly timeoutMs: number };
  readonly checkpoint: CheckpointConfig;
  readonly deadLetters: DeadLettersConfig;
  /** JSONL file of applied invalidations (in-process); null: none. */
  readonly audit: { readonly path: string } | null;
  /** `token`: what a request that changes something must carry; null: there are no such requests. */
  readonly admin: { readonly host: string; readonly port: number; readonly token: string | null };
  readonly log: { readonly level: LogLevel };
  readonly shutdown: { readonly drainTimeoutMs: number };
}

/** Contents of the PEM files, not their names. `verify: false` accepts any certificate. */
export interface TlsConfig {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly verify: boolean;
}

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The default database of the connection. */
  readonly database: string | null;
  /** Null: no TLS. */
  readonly tls: TlsConfig | null;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  /** Null: no TLS. */
  readonly tls: TlsConfig | null;
}

/** A Redis Cluster: any of its nodes tells where the others are. Login and TLS are the same for all; database 0. */
export interface RedisClusterAddress {
  readonly cluster: readonly RedisAddress[];
}

/** A master that sentinels know; after a fail-over it is another server. */
export interface RedisSentinelAddress {
  /** Each with the login and the TLS of the sentinels. */
  readonly sentinels: readonly RedisAddress[];
  readonly master: string;
  /** Login, database and TLS of the master; its host and port are what the sentinels say. */
  readonly of: Omit<RedisAddress, 'host' | 'port'>;
}

export type TargetAddress = RedisAddress | RedisClusterAddress | RedisSentinelAddress;

export interface SourceConfig {
  readonly address: MysqlAddress;
  /** Null: derived from the daemon's name and the host it runs on. */
  readonly serverId: number | null;
  readonly start: Start;
  readonly onGap: GapPolicy;
  /** What the server is asked for when nothing happens; three missed in a row mean a dead link. */
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  readonly netWriteTimeoutMs: number;
  readonly maxChunkBytes: number;
  /** Of XA transactions that are prepared, in memory. */
  readonly maxXaBytes: number;
}

export interface ReadConfig {
  /** The source's own address unless one is configured. */
  readonly address: MysqlAddress;
  readonly connections: number;
  readonly timeoutMs: number;
}

export interface TargetConfig {
  readonly name: string;
  readonly address: TargetAddress;
  readonly commandTimeoutMs: number;
  /** So many replicas must have a write before it counts as done; 0: the master alone decides. */
  readonly waitReplicas: number;
}

/** The bounds of what is published and not yet acknowledged: the memory of a capture. */
export interface InFlightConfig {
  readonly maxInFlightBytes: number;
  readonly maxInFlightBatches: number;
}

export type TransportConfig = InProcessTransportConfig | KafkaTransportConfig;

export interface InProcessTransportConfig extends InFlightConfig {
  readonly kind: 'in_process';
  readonly partitions: number;
}

export interface KafkaTransportConfig extends InFlightConfig {
  readonly kind: 'kafka';
  /** `host:port` each; at least one. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionMs: number;
  /** Prefix: the consumer group of a target is `<group>.<target>`. */
  readonly group: string;
  readonly clientId: string;
  readonly tls: TlsConfig | null;
  readonly sasl: SaslConfig | null;
  readonly consumer: {
    readonly sessionTimeoutMs: number;
    readonly commitIntervalMs: number;
    readonly maxBatchRecords: number;
  };
}

export interface SaslConfig {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface ApplyConfig {
  /** How long a key's version outlives the key; longer than the longest possible redelivery. */
  readonly versionTtlMs: number;
  /** Keys of a target that a flush looks at per second, at most. */
  readonly flushKeysPerSecond: number;
  /** Invalidations of a target that wait for their second delete, at most. */
  readonly maxSecondDeletes: number;
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
}

export type CheckpointConfig =
  | { readonly store: 'file'; readonly intervalMs: number; readonly path: string }
  | { readonly store: 'redis'; readonly intervalMs: number; readonly address: RedisAddress; readonly key: string }
  | { readonly store: 'kafka'; readonly intervalMs: number; readonly topic: string };

/** A file with the in-process transport, a topic with Kafka; and how many letters stop the line. */
export type DeadLettersConfig = (
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'kafka'; readonly topic: string }
) & { readonly limits: DeadLetterLimits };
