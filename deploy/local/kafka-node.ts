/** The properties of one Kafka node that is broker and controller: alone, or a member of a cluster. */
import { replicatedSettings, singleNodeSettings } from './kafka-settings.ts';

/** Its place in a cluster whose members know each other from the beginning. */
export interface KafkaMember {
  /** From 1. */
  readonly id: number;
  /** The ports on which the controllers talk to each other, in the order of the ids. */
  readonly controllerPorts: readonly number[];
  /** The same for all members. */
  readonly clusterId: string;
}

export interface KafkaNodeOptions {
  readonly data: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly member: KafkaMember | null;
  /** How clients come in, and the port of the open listener beside; null: the only listener is open. */
  readonly secured: { readonly protocol: string; readonly internalPort: number } | null;
}

export function nodeProperties(options: KafkaNodeOptions): Record<string, string> {
  const { data, port, controllerPort, member, secured } = options;
  const at = (name: string, port: number): string => `${name}://127.0.0.1:${port}`;
  const listeners = [
    at(secured?.protocol ?? 'PLAINTEXT', port),
    ...(secured === null ? [] : [at('INTERNAL', secured.internalPort)]),
    at('CONTROLLER', controllerPort),
  ].join(',');
  return {
    'process.roles': 'broker,controller',
    'node.id': String(member?.id ?? 1),
    'log.dirs': data,
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    ...(member === null
      ? { 'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`, ...singleNodeSettings }
      : { 'controller.quorum.voters': voters(member), ...replicatedSettings }),
  };
}

/** Named one by one: a node that is formatted as the only voter would wait for nobody. */
function voters({ controllerPorts }: KafkaMember): string {
  return controllerPorts.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',');
}

/** Sixteen random bytes in URL-safe base64 are what `StorageTool random-uuid` prints, a second later. */
export function newClusterId(): string {
  const text = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
  return `A${text.slice(1)}`;
}
