/** The words everything in this folder shares: which services there are and what an address looks like. */
export const SERVICE_NAMES = ['mysql', 'mysqlNoGtid', 'mariadb', 'redis', 'kafka'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Where a service came from, in the order of choice. */
export type Origin = 'environment' | 'docker' | 'native';

export interface SqlAddress {
  /** For `mysql2`: the privileged account of the tests, over TCP. */
  url: string;
  host: string;
  port: number;
  user: string;
  password: string;
  version: string;
  how: Origin;
}

export interface RedisAddress {
  url: string;
  host: string;
  port: number;
  version: string;
  how: Origin;
}

export interface KafkaAddress {
  brokers: string[];
  version: string;
  how: Origin;
}

export interface Addresses {
  mysql: SqlAddress;
  mysqlNoGtid: SqlAddress;
  mariadb: SqlAddress;
  redis: RedisAddress;
  kafka: KafkaAddress;
}

export type Address = Addresses[ServiceName];

/** Receives one line of progress; never called after the promise it belongs to has settled. */
export type Progress = (line: string) => void;

/** Something cannot be provided here. The message names it and says how to get it. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable';
}

export function isServiceName(text: string): text is ServiceName {
  return SERVICE_NAMES.some((name) => name === text);
}
