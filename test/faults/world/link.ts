import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Flow } from './flow.ts';
import { FAIR, type Weather } from './weather.ts';

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly flows: readonly Flow[];
}

/** The network between the daemons and one server: a TCP proxy whose weather can be made bad, and whose target can change. */
export class Link {
  readonly name: string;
  /** Where new connections go. */
  target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #weather: Weather = FAIR;

  private constructor(name: string, target: { host: string; port: number }) {
    this.name = name;
    this.target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async open(name: string, target = { host: '127.0.0.1', port: 0 }): Promise<Link> {
    const link = new Link(name, target);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Until `heal`. */
  set(weather: Partial<Weather>): void {
    this.#weather = { ...FAIR, ...weather };
  }

  heal(): void {
    this.#weather = FAIR;
  }

  /** Both ends see an end of the connection, as when the other side closes it. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** The connections there are never carry a byte again and nobody is told; new ones work. */
  halfOpen(): void {
    for (const { flows } of this.#pairs) for (const flow of flows) flow.mute = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#weather.refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.target);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    upstream.on('error', () => undefined);
    const weather = (): Weather => this.#weather;
    const pair = {
      client,
      upstream,
      flows: [new Flow(client, upstream, weather), new Flow(upstream, client, weather)],
    };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.once('close', end);
    upstream.once('close', end);
  }
}
