/** Kafka as one native node that is broker and controller. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { exists } from './cache.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { kafkaVersion, singleNodeSettings } from './kafka-settings.ts';
import type { Progress } from './names.ts';
import { run } from './run.ts';
import type { Server } from './server.ts';

export interface KafkaServerOptions {
  label: string;
  /** Added to the server's properties; they win. */
  properties: Readonly<Record<string, string>>;
  progress: Progress;
}

export function kafkaServer(options: KafkaServerOptions): Server {
  return {
    label: options.label,
    portCount: 2,
    version: async (port) => {
      await askKafka([`127.0.0.1:${port}`]);
      return kafkaVersion;
    },
    prepare: async (folder, [port = 0, controllerPort = 0]) => {
      const java = ['java', '-Xmx512m', ...logging, '-cp', await kafkaClassPath(options.progress)];
      const file = join(folder, 'server.properties');
      const data = join(folder, 'data');
      await mkdir(data, { recursive: true });
      const settings = { ...properties(data, port, controllerPort), ...options.properties };
      await writeFile(
        file,
        Object.entries(settings)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );
      if (!(await exists(join(data, 'meta.properties')))) await format(java, file);
      return [...java, 'kafka.Kafka', file];
    },
  };
}

const logging = ['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.showThreadName=false'];

function properties(data: string, port: number, controllerPort: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'log.dirs': data,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    ...singleNodeSettings,
  };
}

async function format(java: readonly string[], file: string): Promise<void> {
  const tool = [...java, 'kafka.tools.StorageTool'];
  // Sixteen random bytes in URL-safe base64 are what `StorageTool random-uuid` prints, a second later.
  const clusterId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
  await run([...tool, 'format', '--standalone', '-t', `A${clusterId.slice(1)}`, '-c', file]);
}

export async function askKafka(brokers: string[]): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, connectionTimeout: 2_000, retry: { retries: 0 } });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    if (controller === null) throw new Error('the cluster has no controller yet');
  } finally {
    await admin.disconnect();
  }
}
