/** From a port or a URL to what tests get, and from an address to "it answers". */
import { askKafka } from './kafka.ts';
import { askSqlVersion, sqlUrl } from './mysql.ts';
import type { Address, KafkaAddress, Origin, RedisAddress, ServiceName, SqlAddress } from './names.ts';
import { askRedisVersion, redisUrl } from './redis.ts';

function sqlAddress(text: string, version: string, how: Origin): SqlAddress {
  const url = new URL(text);
  return {
    url: text,
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    version,
    how,
  };
}

function redisAddress(text: string, version: string, how: Origin): RedisAddress {
  const url = new URL(text);
  return { url: text, host: url.hostname, port: Number(url.port || 6379), version, how };
}

function kafkaAddress(text: string, version: string, how: Origin): KafkaAddress {
  return { brokers: text.split(',').map((part) => part.trim()), version, how };
}

/** `text` as it stands in the environment: a URL, or for Kafka brokers separated by commas. */
export function addressOf(name: ServiceName, text: string, version: string, how: Origin): Address {
  if (name === 'kafka') return kafkaAddress(text, version, how);
  return name === 'redis' ? redisAddress(text, version, how) : sqlAddress(text, version, how);
}

/** The text of a service of ours that listens on this port. */
export function localText(name: ServiceName, port: number): string {
  if (name === 'kafka') return `127.0.0.1:${port}`;
  return name === 'redis' ? redisUrl(port) : sqlUrl(port);
}

/** The text an address was made of. */
export function textOf(address: Address): string {
  return 'brokers' in address ? address.brokers.join(',') : address.url;
}

/** The same for a person to read: without a password that somebody else has chosen. */
export function shownText(address: Address): string {
  return address.how === 'environment' ? textOf(address).replace(/:[^:@/]*@/, ':***@') : textOf(address);
}

/** Asks the service for its version; rejects if it does not answer. Kafka does not tell its version to clients. */
export async function askVersion(name: ServiceName, text: string): Promise<string> {
  if (name === 'redis') return askRedisVersion(text);
  if (name !== 'kafka') return askSqlVersion(text);
  await askKafka(text.split(','));
  return 'unknown';
}
