import { ClusterServers } from './cluster-servers.ts';
import { formatAddress, type Redirect } from './redis-errors.ts';
import { closeServer, openServer, type RedisServer, type RedisServersOptions } from './redis-server.ts';
import { SentinelServers } from './sentinel-servers.ts';

/** A server with the part of the keys it holds. */
export interface RedisMaster {
  readonly server: RedisServer;
  /** One of its slots, for keys of ours. */
  readonly slot: number;
}

/** Where the keys of a target are: on one server, on the one that sentinels call the master, or spread over a cluster. */
export interface RedisServers {
  /** For messages. */
  readonly address: string;
  /** Commands must not have keys of two slots. */
  readonly clustered: boolean;
  /** All that hold keys. */
  masters(): Promise<readonly RedisMaster[]>;
  /** The one that holds a slot; null: the only one. `askAt`: the node that another one named. */
  serverOf(route: { readonly slot: number | null; readonly askAt?: string }): Promise<RedisServer>;
  /** What a node said that was not the one to ask; returns the place it named. */
  redirected(redirect: Redirect, by: RedisServer): string;
  /** Something failed: before the next call it is looked where everything is now. */
  doubt(): void;
  /** Looks whether the servers are still where they were; gives up connections to those that are not. */
  verify(): Promise<void>;
  /**
   * Where every slot is, as text: two that are equal mean that nothing has moved in between. Null while slots are on their way.
   */
  layout(): Promise<string | null>;
  close(): Promise<void>;
}

export function openServers(options: RedisServersOptions): RedisServers {
  const { address } = options;
  if ('cluster' in address) return new ClusterServers(options, address);
  if ('sentinels' in address) return new SentinelServers(options, address);
  return new SingleServer(openServer(options, { address }), formatAddress(address));
}

/** Always the same one, so there is nothing to doubt. */
class SingleServer implements RedisServers {
  readonly clustered = false;
  readonly address: string;
  readonly #server: RedisServer;

  constructor(server: RedisServer, address: string) {
    this.#server = server;
    this.address = address;
  }

  masters(): Promise<readonly RedisMaster[]> {
    return Promise.resolve([{ server: this.#server, slot: 0 }]);
  }

  serverOf(): Promise<RedisServer> {
    return Promise.resolve(this.#server);
  }

  /** A node of a cluster: the preflight says so, and here it stays an error that is repeated. */
  redirected({ host, port }: Redirect): string {
    throw new Error(`the server is a node of a Redis Cluster and sends on to ${host ?? ''}:${port}; use \`cluster\``);
  }

  doubt(): void {
    // Nothing else could be meant.
  }

  verify(): Promise<void> {
    return Promise.resolve();
  }

  layout(): Promise<string> {
    return Promise.resolve('');
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }
}
