import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Connection, ConnectionPool } from '@platformatic/kafka';
import { errorMessage } from '../runtime/errors.ts';
import { fence } from './kafka-fenced-socket.ts';
import type { Address, KnownBrokers } from './known-brokers.ts';

const KEEP_ALIVE_MS = 60_000;

export interface PlatformaticConnectionsOptions {
  readonly pool: ConnectionPool;
  /** The very object the library spreads for each new socket; null: no TLS. */
  readonly tls: TlsOptions | null;
  readonly permit?: () => void;
  /** Told which of them give signs of life. */
  readonly brokers: KnownBrokers;
}

/**
 * Looks after the sockets of a producer of @platformatic/kafka 1.35, which itself
 * - throws where nobody hears the second error of a connection (the first was a refused login): heard here;
 * - lets an error in the code that takes an answer end the process: it ends the socket instead, and costs a reconnect;
 * - names a server in the TLS handshake always or never: names are named, addresses not (RFC 6066);
 * - renews the login of a connection that has ended, fails, and forgets the one that took its place: closed once more, it does not;
 * - closes a connection only when all is written, so never one to a broker that stopped reading: `destroy` does not wait.
 */
export class PlatformaticConnections {
  readonly #open = new Set<Connection>();
  /** Of them, those that have not said anything yet, and their brokers. */
  readonly #unheard = new Map<Connection, Address>();
  readonly #brokers: KnownBrokers;

  constructor({ pool, tls, permit, brokers }: PlatformaticConnectionsOptions) {
    this.#brokers = brokers;
    pool.on('connecting', ({ broker, connection }) => {
      this.#open.add(connection);
      this.#unheard.set(connection, broker);
      connection.on('error', () => undefined);
      connection.on('close', () => {
        if (this.#open.delete(connection)) this.#heard(connection, broker);
        void connection.close();
      });
      if (tls !== null && isIP(broker.host) === 0) tls.servername = broker.host;
      else if (tls !== null) delete tls.servername;
    });
    pool.on('failed', ({ connection }) => {
      this.#open.delete(connection);
      this.#giveUp(connection);
    });
    pool.on('connect', ({ broker, connection }) => {
      const { socket } = connection;
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      if (permit !== undefined) fence(socket, permit);
      guard(socket, () => this.#heard(connection, broker));
    });
  }

  /** Whatever is under way fails; then the pool holds none of them any more. */
  async destroy(): Promise<void> {
    const open = [...this.#open];
    // Their end is our doing.
    this.#open.clear();
    const closed = open.filter((each) => each.isConnected()).map((each) => once(each, 'close'));
    for (const connection of open) this.#giveUp(connection);
    await Promise.all(closed);
  }

  #heard(connection: Connection, broker: Address): void {
    this.#unheard.delete(connection);
    this.#brokers.gaveSign(broker);
  }

  #giveUp(connection: Connection): void {
    const silent = this.#unheard.get(connection);
    this.#unheard.delete(connection);
    if (silent !== undefined) this.#brokers.wasSilent(silent);
    destroy(connection);
  }
}

/** The socket is not there before the connection began. */
function destroy(connection: { readonly socket: Socket | undefined }): void {
  connection.socket?.destroy();
}

function guard(socket: Socket, onAnswer: () => void): void {
  const listeners = socket.listeners('data') as ((chunk: Buffer) => void)[];
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    onAnswer();
    try {
      for (const listener of listeners) listener(chunk);
    } catch (error) {
      socket.destroy(new Error(`the broker's answer was not understood: ${errorMessage(error)}`));
    }
  });
}
