import { fromAnywhere } from './kafka-client.ts';

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Known {
  readonly address: Address;
  /** Above 0: its last sign of life, the later the higher. Below 0: it was asked in vain since. */
  sign: number;
}

/**
 * The brokers that can be asked about a cluster: the configured ones and those that the cluster has named, who gave a sign of life
 * last before the others, and behind all who was asked without an answer. That it took the connection is no sign: so does one whose
 * process is frozen. That it ended one is: it lives.
 */
export class KnownBrokers {
  readonly #configured: ReadonlySet<string>;
  readonly #known = new Map<string, Known>();
  #signs = 0;

  constructor(configured: readonly string[]) {
    const addresses = fromAnywhere(configured).map(addressOf);
    this.#configured = new Set(addresses.map(nameOf));
    for (const address of addresses) this.#add(address);
  }

  /** What the cluster says of itself takes the place of what it said before. */
  named(addresses: Iterable<Address>): void {
    const named = new Set<string>();
    for (const { host, port } of addresses) named.add(this.#add({ host, port }));
    for (const name of this.#known.keys()) {
      if (!named.has(name) && !this.#configured.has(name)) this.#known.delete(name);
    }
  }

  /** It was given up. While an answer may still come, the order stays: whoever asks on asks the same. */
  wasSilent(address: Address): void {
    this.#sign(address, -++this.#signs);
  }

  gaveSign(address: Address): void {
    this.#sign(address, ++this.#signs);
  }

  inOrder(): Address[] {
    return [...this.#known.values()].sort((one, other) => other.sign - one.sign).map(({ address }) => address);
  }

  #sign(address: Address, sign: number): void {
    const known = this.#known.get(nameOf(address));
    if (known !== undefined) known.sign = sign;
  }

  #add(address: Address): string {
    const name = nameOf(address);
    if (!this.#known.has(name)) this.#known.set(name, { address, sign: 0 });
    return name;
  }
}

function nameOf({ host, port }: Address): string {
  return `${host} ${port}`;
}

/** The library would cut an IPv6 address at its first colon. */
function addressOf(broker: string): Address {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}
