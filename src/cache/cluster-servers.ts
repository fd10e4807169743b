import type { RedisAddress, RedisClusterAddress } from '../runtime/config/config.ts';
import { errorMessage } from '../runtime/errors.ts';
import { readHolding, readSlotMap, type SlotMap } from './cluster-slots.ts';
import { SLOTS } from './key-slot.ts';
import type { RedisConnection } from './redis-connection.ts';
import { formatAddress, formatPlace, parsePlace, type Redirect } from './redis-errors.ts';
import { closeServer, openServer, type RedisServer, type RedisServersOptions } from './redis-server.ts';
import type { RedisMaster, RedisServers } from './redis-servers.ts';

/**
 * The masters of a Redis Cluster. Which slots each holds is asked at the first use, and again when something failed; a node
 * that is asked for what it does not hold says where that is, which counts at once. Connections to single nodes rather
 * than a client for clusters: that one hides which node has answered, and here that decides what is repeated.
 */
export class ClusterServers implements RedisServers {
  readonly clustered = true;
  readonly address: string;
  readonly #options: RedisServersOptions;
  readonly #seeds: readonly RedisAddress[];
  readonly #servers = new Map<string, RedisServer>();
  #map: Promise<SlotMap> | null = null;
  #closed = false;
  /** Nodes are asked in turn, so that one that is behind is not believed for ever. */
  #turn = 0;

  constructor(options: RedisServersOptions, address: RedisClusterAddress) {
    this.address = formatAddress(address);
    this.#options = options;
    this.#seeds = address.cluster;
  }

  async masters(): Promise<readonly RedisMaster[]> {
    const map = await this.#slotMap();
    const masters = new Map<string, number>();
    for (const [slot, place] of map.places.entries()) {
      if (place !== undefined && !masters.has(place)) masters.set(place, slot);
    }
    return [...masters].map(([place, slot]) => ({ server: this.#at(place), slot }));
  }

  async serverOf({ slot, askAt }: { slot: number | null; askAt?: string }): Promise<RedisServer> {
    if (askAt !== undefined) return this.#at(askAt);
    const place = (await this.#slotMap()).places[slot ?? 0];
    if (place !== undefined) return this.#at(place);
    this.doubt();
    throw new Error(`no node of the cluster holds slot ${slot ?? 0}`);
  }

  redirected({ kind, slot, host, port }: Redirect, by: RedisServer): string {
    const place = `${host ?? by.commands.place?.host ?? ''}:${port}`;
    if (kind === 'moved') this.#move(slot, place);
    return place;
  }

  doubt(): void {
    this.#map = null;
  }

  /** What has moved is said by the nodes that are asked for it. */
  verify(): Promise<void> {
    return Promise.resolve();
  }

  async layout(): Promise<string | null> {
    const masters = await this.masters();
    const holdings = await Promise.all(masters.map(({ server }) => server.flushes.use(readHolding)));
    const slots = holdings.reduce((sum, holding) => sum + holding.slots, 0);
    // Fewer: one of them is unknown here, or no master any more.
    if (slots !== SLOTS || holdings.some(({ isMoving }) => isMoving)) return null;
    return holdings
      .map(({ text }) => text)
      .sort()
      .join('\n');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#servers.values()].map(closeServer));
  }

  /** Until the whole map is read anew, so that the next round does not ask the wrong node again. */
  #move(slot: number, place: string): void {
    const known = this.#map;
    if (known === null) return;
    this.#map = known.then(({ places, nodes }) => {
      const moved = [...places];
      moved[slot] = place;
      return { places: moved, nodes };
    });
  }

  #slotMap(): Promise<SlotMap> {
    if (this.#map !== null) return this.#map;
    const reading = this.#read();
    this.#map = reading;
    reading.catch(() => {
      if (this.#map === reading) this.#map = null;
    });
    return reading;
  }

  /** From the first node that answers. */
  async #read(): Promise<SlotMap> {
    const reasons = new Set<string>();
    for (const connection of this.#toAsk()) {
      try {
        const map = await connection.use((client) => readSlotMap(client, connection.place?.host ?? ''));
        this.#closeOthers(map);
        return map;
      } catch (error) {
        reasons.add(errorMessage(error));
      }
    }
    throw new Error([...reasons].join('; '));
  }

  #toAsk(): RedisConnection[] {
    const seeds = this.#seeds.map((seed) => this.#at(formatPlace(seed)).commands);
    const others = [...this.#servers.values()].map(({ commands }) => commands);
    const all = [...new Set([...others, ...seeds])];
    const turn = this.#turn++ % all.length;
    return [...all.slice(turn), ...all.slice(0, turn)];
  }

  #at(place: string): RedisServer {
    const known = this.#servers.get(place);
    if (known !== undefined) return known;
    if (this.#closed) throw new Error('the connection was closed');
    const [shared] = this.#seeds;
    if (shared === undefined) throw new Error('a cluster without nodes');
    const server = openServer(this.#options, { address: { ...shared, ...parsePlace(place) } });
    this.#servers.set(place, server);
    return server;
  }

  /** Nodes that left. Seeds stay: they may be all that is reachable one day. */
  #closeOthers({ nodes }: SlotMap): void {
    const kept = new Set([...nodes, ...this.#seeds.map(formatPlace)]);
    for (const [place, server] of this.#servers) {
      if (kept.has(place)) continue;
      this.#servers.delete(place);
      void closeServer(server);
    }
  }
}
