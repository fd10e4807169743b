import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxyOptions {
  readonly host: string;
  readonly port: number;
}

/**
 * A TCP proxy between the daemon and one server, for network faults: `stall` keeps connections open and passes nothing
 * on (a half-open link), `cut` resets those there are, `refuse` takes no new ones. Closed when the test ends.
 */
export class TcpProxy {
  readonly #target: TcpProxyOptions;
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  #stalled = false;
  #refusing = false;
  #refuseFrom = Infinity;
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(target: TcpProxyOptions) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async open(target: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    onTestFinished(() => proxy.close());
    return proxy;
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Nothing passes in either direction, on these connections and on new ones. */
  stall(): void {
    this.#stalled = true;
    for (const { client, upstream } of this.#pairs) {
      client.pause();
      upstream.pause();
    }
  }

  /** New connections pass again; those that stalled stay dead. */
  heal(): void {
    this.#stalled = false;
    this.#refusing = false;
    this.#refuseFrom = Infinity;
  }

  /** So many more connections pass, and no other. */
  refuseAfter(connections: number): void {
    this.#refuseFrom = this.accepted + connections;
  }

  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    if (this.#refusing || this.accepted >= this.#refuseFrom) {
      client.resetAndDestroy();
      return;
    }
    this.accepted++;
    const upstream = connect(this.#target);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (!this.#stalled) from.resume();
      });
      from.on('error', end);
      from.on('close', end);
    }
    if (this.#stalled) {
      client.pause();
      upstream.pause();
    }
  }
}
