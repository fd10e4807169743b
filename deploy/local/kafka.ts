/** Kafka as a native node that is broker and controller. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { exists } from './cache.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { newClusterId, nodeProperties, type KafkaMember } from './kafka-node.ts';
import { clientProtocol, scramUsers, securityProperties, type KafkaSecurity } from './kafka-security.ts';
import { kafkaVersion } from './kafka-settings.ts';
import type { Progress } from './names.ts';
import { run } from './run.ts';
import type { Server } from './server.ts';

export interface KafkaServerOptions {
  label: string;
  /** Added to the server's properties; they win. */
  properties: Readonly<Record<string, string>>;
  /** Left out: a node alone. */
  member?: KafkaMember;
  /** Left out: everybody may do everything, without TLS. */
  security?: KafkaSecurity;
  progress: Progress;
}

/** Its ports: that of the clients; that of the controller, if no cluster has given it; that of the open listener, if it is secured. */
export function kafkaServer(options: KafkaServerOptions): Server {
  const { member = null, security = null } = options;
  const ownController = member === null ? 1 : 0;
  let openPort: number | undefined;
  return {
    label: options.label,
    portCount: 1 + ownController + (security === null ? 0 : 1),
    version: async (port) => {
      await askKafka([`127.0.0.1:${openPort ?? port}`], openPort ?? port);
      return kafkaVersion;
    },
    prepare: async (folder, ports) => {
      const [port = 0] = ports;
      const controllerPort = member?.controllerPorts[member.id - 1] ?? ports[1] ?? 0;
      openPort = security === null ? port : (ports.at(-1) ?? 0);
      const secured = security === null ? null : { protocol: clientProtocol(security), internalPort: openPort };
      // Three of them share a machine with the tests.
      const memory = member === null ? '-Xmx512m' : '-Xmx320m';
      const java = ['java', memory, ...logging, '-cp', await kafkaClassPath(options.progress)];
      const file = join(folder, 'server.properties');
      const data = join(folder, 'data');
      await mkdir(data, { recursive: true });
      const settings = {
        ...nodeProperties({ data, port, controllerPort, member, secured }),
        ...(security === null ? {} : await securityProperties(folder, security)),
        ...options.properties,
      };
      await writeFile(file, propertiesText(settings));
      if (!(await exists(join(data, 'meta.properties')))) await format(java, file, options);
      return [...java, 'kafka.Kafka', file];
    },
  };
}

function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const logging = ['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.showThreadName=false'];

async function format(java: readonly string[], file: string, options: KafkaServerOptions): Promise<void> {
  const { member, security } = options;
  const tool = [...java, 'kafka.tools.StorageTool', 'format'];
  const alone = member === undefined ? ['--standalone'] : [];
  const users = security === undefined ? [] : scramUsers(security);
  await run([...tool, ...alone, ...users, '-t', member?.clusterId ?? newClusterId(), '-c', file]);
}

/** `member`: the port of a broker that the cluster must have taken in; it may answer before that. */
export async function askKafka(brokers: string[], member?: number): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, connectionTimeout: 2_000, retry: { retries: 0 } });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { controller, brokers: found } = await admin.describeCluster();
    if (controller === null) throw new Error('the cluster has no controller yet');
    if (member !== undefined && found.every(({ port }) => port !== member)) {
      throw new Error('the cluster has not taken the broker in yet');
    }
  } finally {
    await admin.disconnect();
  }
}
