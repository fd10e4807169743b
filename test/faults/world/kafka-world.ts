import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaServer } from '../../../deploy/local/kafka.ts';
import { freePort } from '../../../deploy/local/ports.ts';
import type { Server } from '../../../deploy/local/server.ts';
import { startKafkaCluster } from '../../../deploy/local/services.ts';
import { startThrowaway, type Throwaway } from '../../../deploy/local/throwaway.ts';
import { Link } from './link.ts';

export interface KafkaWorld {
  /** What the daemons are given: through the link, where there is one. */
  readonly brokers: readonly string[];
  /** What the harness itself uses. */
  readonly ownBrokers: readonly string[];
  readonly link: Link | null;
  readonly servers: readonly Throwaway[];
  close(): Promise<void>;
}

export function openKafka(count: 1 | 3): Promise<KafkaWorld> {
  return count === 1 ? oneBroker() : threeBrokers();
}

/** Whoever comes through the link is told the link as the broker's address, and so comes back through it. */
async function oneBroker(): Promise<KafkaWorld> {
  const port = await freePort();
  const link = await Link.open('kafka', { host: '127.0.0.1', port });
  const plain = kafkaServer({ label: 'the broker of a fault run', properties: {}, progress: () => undefined });
  const started = startThrowaway(withListener(plain, { port, advertisedPort: link.port }));
  const server = await started.catch(async (error: unknown) => {
    await link.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await link.close();
    await server.remove();
  };
  return {
    brokers: [`127.0.0.1:${link.port}`],
    ownBrokers: [`127.0.0.1:${server.port}`],
    link,
    servers: [server],
    close,
  };
}

/** Faults here are those of brokers, not of the network: no links. */
async function threeBrokers(): Promise<KafkaWorld> {
  const cluster = await startKafkaCluster();
  const { brokers, nodes: servers } = cluster;
  return { brokers, ownBrokers: brokers, link: null, servers, close: () => cluster.remove() };
}

/** One more listener, added to the properties file: of two lines with one name the last counts. */
function withListener(server: Server, { port, advertisedPort }: { port: number; advertisedPort: number }): Server {
  return {
    ...server,
    async prepare(folder, ports) {
      const command = await server.prepare(folder, ports);
      const file = join(folder, 'server.properties');
      const before = await readFile(file, 'utf8');
      const listeners = /^listeners=(.*)$/m.exec(before)?.[1] ?? '';
      const more = [
        `listeners=${listeners},LINK://127.0.0.1:${port}`,
        `advertised.listeners=${listeners},LINK://127.0.0.1:${advertisedPort}`,
        'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LINK:PLAINTEXT',
      ];
      await writeFile(file, `${before}${more.join('\n')}\n`);
      return command;
    },
  };
}
