import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { RedisAddress, TlsConfig } from '../runtime/config/config.ts';
import { formatAddress, safeMessage, spoilsConnection } from './redis-errors.ts';

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** Asked before every new connection: where the server is now, if not where `address` says. */
  readonly locate?: () => Promise<RedisPlace>;
  /** How long the server may take to answer one command, ms; also for each command of the handshake. */
  readonly commandTimeoutMs: number;
  /** How long the TCP (and TLS) connection may take, ms. Default: 10 s. */
  readonly connectTimeoutMs?: number;
  /** Runs first on every new connection: throws if it is not the server that is meant. */
  readonly verify?: (client: Redis) => Promise<void>;
  /** Shown by CLIENT LIST. */
  readonly clientName: string;
  /** Runs on every new connection before anyone may use it, to load scripts. */
  readonly prepare?: (client: Redis) => Promise<unknown>;
}

export type RedisPlace = Pick<RedisAddress, 'host' | 'port'>;

/**
 * One connection, made when it is first needed and made anew when it broke and is needed again. The retrying belongs
 * to the caller, so everything of the client that repeats or queues commands behind our back is off: a command that
 * was not answered fails at once, and none runs later, after newer ones, on the next connection.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #client: Promise<Redis> | null = null;
  /** Where the newest connection goes. */
  #place: RedisPlace | null = null;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  get address(): string {
    return formatAddress(this.#options.address);
  }

  /**
   * Runs `work` with the connected client. Throws what `work` throws, or the reason why there is no connection; the next
   * call tries to connect again. A connection that an error shows to be of no use is given up: whatever else waits for
   * an answer on it fails too, also when the answer still comes, as the client reads on for two seconds. It may be one of a
   * master that is none any more, after everything that it has forgotten was repeated.
   */
  async use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const connected = this.#ready();
    const client = await connected;
    let result: T;
    try {
      result = await work(client);
    } catch (error) {
      if (spoilsConnection(error)) {
        // At once, not when it has closed: a half-open one takes seconds to.
        this.#forget(connected);
        client.disconnect();
      }
      throw error;
    }
    if (this.#client !== connected) throw new Error('the connection was given up meanwhile');
    return result;
  }

  /** The server is somewhere else now: whatever still waits for an answer of the old one fails, and the next call goes there. */
  async leave(place: RedisPlace): Promise<void> {
    const connected = this.#client;
    if (connected === null || this.#place?.host !== place.host || this.#place.port !== place.port) return;
    this.#forget(connected);
    (await connected.catch(() => null))?.disconnect();
  }

  /** Where the newest connection goes; null before the first. */
  get place(): RedisPlace | null {
    return this.#place;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => null);
    if (!client || client.status === 'end') return;
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.disconnect();
    await ended;
  }

  #ready(): Promise<Redis> {
    if (this.#closed) return Promise.reject(new Error('the connection was closed'));
    if (this.#client !== null) return this.#client;
    const connected = this.#connect(() => this.#forget(connected));
    connected.catch(() => this.#forget(connected));
    this.#client = connected;
    return connected;
  }

  #forget(client: Promise<Redis>): void {
    if (this.#client === client) this.#client = null;
  }

  async #connect(onEnd: () => void): Promise<Redis> {
    const place = (await this.#options.locate?.()) ?? this.#options.address;
    if (this.#closed) throw new Error('the connection was closed');
    this.#place = place;
    const client = new Redis({ ...clientOptions(this.#options), host: place.host, port: place.port });
    let reason: unknown;
    // The rejection of connect() only says "closed"; the reason comes as an event. Without a listener it is printed.
    client.on('error', (error: unknown) => (reason ??= error));
    client.once('close', onEnd);
    try {
      await client.connect();
      // It resolves also when what came back first was not Redis' language and has ended the connection already.
      if (reason !== undefined) throw new Error(safeMessage(reason));
      await this.#options.verify?.(client);
      const { database } = this.#options.address;
      // Not by the client's option `db`: when SELECT is refused it goes on, in database 0.
      if (database !== 0) await client.select(database);
      await this.#options.prepare?.(client);
      return client;
    } catch (error) {
      client.disconnect();
      // The error of the client is not passed on: it carries the arguments of the command, AUTH's password too.
      // eslint-disable-next-line preserve-caught-error
      throw new Error(safeMessage(reason ?? error));
    }
  }
}

function clientOptions({ address, commandTimeoutMs, connectTimeoutMs = 10_000, clientName }: RedisConnectionOptions) {
  return {
    ...(address.username === null ? {} : { username: address.username }),
    ...(address.password === null ? {} : { password: address.password }),
    ...(address.tls === null ? {} : { tls: tlsOptions(address.tls) }),
    connectionName: clientName,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    // LOADING is an answer like any other; the check would need INFO, which an account may lack.
    enableReadyCheck: false,
    disableClientInfo: true,
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    // RESP2 is understood by every server and proxy, and nothing here needs more.
    protocol: 2,
  } as const;
}

function tlsOptions({ ca, cert, key, verify }: TlsConfig): TlsOptions {
  return {
    rejectUnauthorized: verify,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}
