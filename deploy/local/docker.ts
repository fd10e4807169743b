/**
 * The services as containers, where a Docker daemon answers.
 *
 * Written without a daemon to try it on: kept to `docker run`, `rm`, `port` and `info`, so there is little to go
 * wrong. Whoever has Docker and finds a fault here can set the environment variables instead, or set
 * SLUICE_SERVICES_DOCKER=0 to have native servers.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { addressOf, askVersion, localText } from './address.ts';
import { checkoutId } from './folders.ts';
import { kafkaVersion, singleNodeSettings } from './kafka-settings.ts';
import { replicaAccountStatements } from './mysql-accounts.ts';
import type { Address, Progress, ServiceName } from './names.ts';
import { freePort } from './ports.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

interface Container {
  image: string;
  port: number;
  environment: (hostPort: number) => Record<string, string>;
  flags: readonly string[];
}

const sqlFlags = [
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--binlog-row-image=FULL',
  '--binlog-row-metadata=FULL',
  '--skip-name-resolve',
];
const gtid = (mode: 'ON' | 'OFF'): string[] => [`--gtid-mode=${mode}`, `--enforce-gtid-consistency=${mode}`];
const mysql = (mode: 'ON' | 'OFF', serverId: number): Container => ({
  image: 'mysql:9.7',
  port: 3306,
  environment: () => ({ MYSQL_ROOT_PASSWORD: 'sluice' }),
  flags: [...sqlFlags, ...gtid(mode), `--server-id=${serverId}`],
});

const containers: Record<ServiceName, Container> = {
  mysql: mysql('ON', 1001),
  mysqlNoGtid: mysql('OFF', 1002),
  mariadb: {
    image: 'mariadb:10.11',
    port: 3306,
    environment: () => ({ MARIADB_ROOT_PASSWORD: 'sluice' }),
    flags: [...sqlFlags, '--server-id=1003'],
  },
  redis: {
    image: 'redis:7',
    port: 6379,
    environment: () => ({}),
    flags: ['redis-server', '--save', '', '--appendonly', 'no'],
  },
  kafka: { image: `apache/kafka:${kafkaVersion}`, port: 9092, environment: kafkaEnvironment, flags: [] },
};

/** The image turns `KAFKA_A_B` into the property `a.b`, and one such variable switches its own defaults off. */
function kafkaEnvironment(hostPort: number): Record<string, string> {
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    // Clients outside the container are told to come to this address, so the port must be known beforehand.
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${hostPort}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': '1@localhost:9093',
    ...singleNodeSettings,
  };
  const upper = (name: string): string => `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [upper(name), value]));
}

const containerName = (name: ServiceName): string => `sluice-${checkoutId}-${name.toLowerCase()}`;

export async function dockerAnswers(): Promise<boolean> {
  if (process.env['SLUICE_SERVICES_DOCKER'] === '0') return false;
  return run(['docker', 'info']).then(
    () => true,
    () => false,
  );
}

export async function startContainer(name: ServiceName, progress: Progress): Promise<Address> {
  const { image, port, environment, flags } = containers[name];
  await stopContainer(name);
  const hostPort = await freePort();
  const variables = Object.entries(environment(hostPort)).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const publish = ['-p', `127.0.0.1:${hostPort}:${port}`];
  await withProgress(progress, `${name}: container of ${image}`, async () => {
    await run(['docker', 'run', '-d', '--name', containerName(name), ...publish, ...variables, image, ...flags]);
    await untilItAnswers(name, hostPort);
  });
  if (name !== 'redis' && name !== 'kafka') await addReplicaAccount(localText(name, hostPort));
  return found(name, hostPort);
}

export async function runningContainer(name: ServiceName): Promise<Address | undefined> {
  // `docker port` prints "127.0.0.1:20123", and fails if there is no such container.
  const printed = await run(['docker', 'port', containerName(name), String(containers[name].port)]).catch(() => '');
  const hostPort = Number(/:(\d+)/.exec(printed)?.[1]);
  return hostPort ? found(name, hostPort).catch(() => undefined) : undefined;
}

/** True if there was a container of this checkout. */
export async function stopContainer(name: ServiceName): Promise<boolean> {
  const printed = await run(['docker', 'rm', '-f', '-v', containerName(name)]).catch(() => '');
  return printed.trim() !== '';
}

async function found(name: ServiceName, port: number): Promise<Address> {
  const version = await askVersion(name, localText(name, port));
  return addressOf(name, localText(name, port), name === 'kafka' ? kafkaVersion : version, 'docker');
}

async function untilItAnswers(name: ServiceName, port: number): Promise<void> {
  for (const until = Date.now() + 120_000; ; await delay(250)) {
    const error = await askVersion(name, localText(name, port)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    if (Date.now() > until) throw new Error(`${containerName(name)} does not answer`, { cause: error });
  }
}

/** The images create only root; the native servers have the account of an operator too. */
async function addReplicaAccount(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await connection.query('SET SESSION sql_log_bin = 0');
    for (const statement of replicaAccountStatements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}
