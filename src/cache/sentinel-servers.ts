import type { Redis } from 'ioredis';
import type { RedisSentinelAddress } from '../runtime/config/config.ts';
import { errorMessage } from '../runtime/errors.ts';
import { RedisConnection, type RedisPlace } from './redis-connection.ts';
import { formatAddress, formatPlace, safeMessage, type Redirect } from './redis-errors.ts';
import { closeServer, openServer, type RedisServer, type RedisServersOptions } from './redis-server.ts';
import type { RedisMaster, RedisServers } from './redis-servers.ts';

/** What one sentinel says. */
interface Answer {
  readonly place: RedisPlace;
  /** Rises with every fail-over. */
  readonly epoch: number;
}

/** A sentinel that does not answer must not keep the others from being heard. */
const SENTINEL_TIMEOUT_MS = 1_000;

/**
 * The master that sentinels know. They are asked before every connection, and again and again while one is open: behind a network
 * that is cut the old master goes on taking writes, and nothing but the sentinels tells that it is none any more. All of
 * them are asked, and the newest fail-over counts: one that was away still names the old master.
 */
export class SentinelServers implements RedisServers {
  readonly clustered = false;
  readonly address: string;
  readonly #master: string;
  readonly #sentinels: readonly RedisConnection[];
  readonly #server: RedisServer;

  constructor(options: RedisServersOptions, address: RedisSentinelAddress) {
    this.address = formatAddress(address);
    this.#master = address.master;
    this.#sentinels = address.sentinels.map((sentinel) => {
      const timeouts = { commandTimeoutMs: SENTINEL_TIMEOUT_MS, connectTimeoutMs: SENTINEL_TIMEOUT_MS };
      return new RedisConnection({ address: sentinel, ...timeouts, clientName: `sluice:${options.name}` });
    });
    this.#server = openServer(options, {
      address: { ...address.of, host: address.master, port: 0 },
      locate: () => this.locate(),
      verify: mustBeMaster,
    });
  }

  masters(): Promise<readonly RedisMaster[]> {
    return Promise.resolve([{ server: this.#server, slot: 0 }]);
  }

  serverOf(): Promise<RedisServer> {
    return Promise.resolve(this.#server);
  }

  redirected({ host, port }: Redirect): string {
    throw new Error(`the master is a node of a Redis Cluster and sends on to ${host ?? ''}:${port}; use \`cluster\``);
  }

  doubt(): void {
    // Whatever broke the connection makes a new one, and that asks first.
  }

  async verify(): Promise<void> {
    const connections = [this.#server.commands, this.#server.flushes];
    if (connections.every(({ place }) => place === null)) return;
    const now = await this.locate();
    for (const connection of connections) {
      const { place } = connection;
      if (place !== null && formatPlace(place) !== formatPlace(now)) await connection.leave(place);
    }
  }

  layout(): Promise<string> {
    return Promise.resolve('');
  }

  async close(): Promise<void> {
    await Promise.all([closeServer(this.#server), ...this.#sentinels.map((sentinel) => sentinel.close())]);
  }

  /** Where the master is now. Throws if no sentinel knows. */
  async locate(): Promise<RedisPlace> {
    const asked = await Promise.allSettled(this.#sentinels.map((sentinel) => this.#ask(sentinel)));
    const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const newest = Math.max(...answers.map(({ epoch }) => epoch));
    const places = answers.filter(({ epoch }) => epoch === newest).map(({ place }) => place);
    const place = mostNamed(places);
    if (place !== undefined) return place;
    const reasons = asked.flatMap((each) => (each.status === 'rejected' ? [errorMessage(each.reason)] : []));
    throw new Error(`no sentinel names the master ${this.#master}: ${[...new Set(reasons)].join('; ')}`);
  }

  #ask(sentinel: RedisConnection): Promise<Answer> {
    return sentinel.use(async (client) => {
      const [place, facts] = await Promise.all([
        client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#master),
        client.call('SENTINEL', 'MASTER', this.#master),
      ]);
      const [host, port] = texts(place);
      if (host === undefined || port === undefined) throw new Error(`it knows no master ${this.#master}`);
      const list = texts(facts);
      const epoch = Number(list[list.indexOf('config-epoch') + 1]);
      return { place: { host, port: Number(port) }, epoch };
    });
  }
}

/** Sentinels that know the same fail-over name the same place, but for the moment in which it happens. */
function mostNamed(places: readonly RedisPlace[]): RedisPlace | undefined {
  const votes = (place: RedisPlace): number =>
    places.filter((other) => formatPlace(other) === formatPlace(place)).length;
  return [...places].sort((a, b) => votes(b) - votes(a))[0];
}

/** On a new connection: the sentinels may not have noticed yet what the server itself knows. */
async function mustBeMaster(client: Redis): Promise<void> {
  const role = await client.role().catch((error: unknown) => {
    // An account need not be allowed to ask: then READONLY, at the first write, says the same.
    if (safeMessage(error).startsWith('NOPERM')) return ['master'];
    throw error;
  });
  if (texts(role)[0] !== 'master') throw new Error('READONLY it is a replica now');
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
