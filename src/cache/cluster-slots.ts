import type { Redis } from 'ioredis';
import { SLOTS } from './key-slot.ts';

export interface SlotMap {
  /** For each slot the `host:port` of its master; undefined where nobody holds it. */
  readonly places: readonly (string | undefined)[];
  /** Every node that holds a slot or a copy of it. */
  readonly nodes: ReadonlySet<string>;
}

/** As one node sees it, which was reached as `host`: that is what an address without a host means. */
export async function readSlotMap(client: Redis, host: string): Promise<SlotMap> {
  const reply: unknown = await client.call('CLUSTER', 'SLOTS');
  const places = new Array<string | undefined>(SLOTS).fill(undefined);
  const nodes = new Set<string>();
  for (const [first, last, ...holders] of rows(reply)) {
    const [master, ...replicas] = rows(holders).map((holder) => placeOf(holder, host));
    places.fill(master, Number(first), Number(last) + 1);
    for (const place of [master, ...replicas]) if (place !== undefined) nodes.add(place);
  }
  return { places, nodes };
}

function placeOf([name, port]: readonly unknown[], host: string): string {
  const named = typeof name === 'string' && name !== '' && name !== '?' ? name : host;
  return `${named}:${Number(port)}`;
}

function rows(reply: unknown): (readonly unknown[])[] {
  return Array.isArray(reply) ? reply.filter((row) => Array.isArray(row)) : [];
}

export interface Holding {
  /** Equal texts: nothing has come, gone, or gone and come back. */
  readonly text: string;
  readonly slots: number;
  /** A slot is on its way to this node or from it. */
  readonly isMoving: boolean;
}

/** What a node holds, in its own words, with the config epoch: that rises when a slot is given to somebody else. */
export async function readHolding(client: Redis): Promise<Holding> {
  const reply = String(await client.call('CLUSTER', 'NODES'));
  const own = reply.split('\n').find((line) => /^\S+ \S+ \S*\bmyself\b/.test(line));
  if (own === undefined) throw new Error('the node does not say what it holds');
  const [id, , , , , , epoch, , ...all] = own.trim().split(' ');
  const ranges = all.filter((range) => !range.startsWith('['));
  const slots = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
  return { text: [id, epoch, ...ranges].join(' '), slots, isMoving: ranges.length < all.length };
}

/** Of `7` or `0-5460`. */
function sizeOf(range: string): number {
  const [first = 0, last = first] = range.split('-').map(Number);
  return last - first + 1;
}
