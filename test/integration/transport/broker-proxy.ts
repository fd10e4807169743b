import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const PRODUCE = 0;
const API_VERSIONS = 18;

/**
 * A proxy in front of one broker that understands just enough of Kafka: it puts its own port in place of the broker's into what the
 * broker says of itself, so all connections come through it, and it sees which requests are Produce.
 */
export class BrokerProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  #toLose = 0;
  #held: (() => void)[] | undefined;
  #stalled = false;
  #produceLimit: number | undefined;
  /** `acks` of each Produce request that the broker was given. */
  readonly acks: number[] = [];
  /** Answers that never arrived. */
  lost = 0;

  private constructor(target: string) {
    const [host = '', port = ''] = target.split(':');
    this.#target = { host, port: Number(port) };
    this.#server = createServer((client) => this.#accept(client));
  }

  static async open(target: string): Promise<BrokerProxy> {
    const proxy = new BrokerProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    onTestFinished(() => {
      proxy.cut();
      proxy.#server.close();
    });
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** So many of the next answers to Produce are lost, and their connections with them. */
  loseAnswers(count: number): void {
    this.#toLose = count;
  }

  /** Answers wait until `release`. */
  holdAnswers(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** From now on an older broker: it says up to which version it knows Produce, and ends connections on which it gets another. */
  downgrade(produceLimit: number): void {
    this.#produceLimit = produceLimit;
  }

  /** What clients send is not read any more. */
  stall(): void {
    this.#stalled = true;
    for (const { client } of this.#pairs) client.pause();
  }

  heal(): void {
    this.#stalled = false;
  }

  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  #accept(client: Socket): void {
    const upstream = connect(this.#target);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    if (this.#stalled) client.pause();
    let produces = 0;
    let asksVersions = false;
    let begun = Buffer.alloc(0);
    client.on('data', (chunk) => {
      begun = Buffer.concat([begun, chunk]);
      while (begun.length >= 4 && begun.length >= 4 + begun.readInt32BE(0)) {
        const length = 4 + begun.readInt32BE(0);
        const [apiKey, version] = [begun.readInt16BE(4), begun.readInt16BE(6)];
        if (apiKey === PRODUCE && version > (this.#produceLimit ?? version)) return end();
        if (apiKey === API_VERSIONS) asksVersions = true;
        if (apiKey === PRODUCE) {
          produces++;
          this.acks.push(acksOf(begun));
        }
        begun = begun.subarray(length);
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (produces > 0 && this.#toLose > 0) {
        this.#toLose--;
        this.lost++;
        end();
        return;
      }
      produces = 0;
      if (asksVersions && this.#produceLimit !== undefined) limitProduce(chunk, this.#produceLimit);
      asksVersions = false;
      const pass = (): void => void client.write(this.#asOurs(chunk));
      if (this.#held === undefined) pass();
      else this.#held.push(pass);
    });
  }

  #asOurs(answer: Buffer): Buffer {
    const at = (port: number): Buffer => {
      const host = Buffer.from(`${this.#target.host}....`);
      host.writeInt32BE(port, host.length - 4);
      return host;
    };
    const found = answer.indexOf(at(this.#target.port));
    if (found >= 0) at(Number(this.address.split(':')[1])).copy(answer, found);
    return answer;
  }
}

/** Of a Produce request: size, key, version, correlation id, client id; from version 9 on tagged fields and compact texts; transactional id. */
function acksOf(request: Buffer): number {
  const afterClientId = 14 + request.readInt16BE(12);
  return request.readInt16BE(afterClientId + 2);
}

/** Of an answer to ApiVersions, by version 3: size, correlation id, error, how many; then key, from and to version, tags of each. */
function limitProduce(answer: Buffer, version: number): void {
  for (let at = 11; at + 6 <= answer.length; at += 7) {
    if (answer.readInt16BE(at) !== PRODUCE) continue;
    answer.writeInt16BE(version, at + 4);
    return;
  }
}
