import type { PoolConnection } from 'mysql2/promise';
import type { World } from '../world/world.ts';
import { markerKey } from './families.ts';

/**
 * A key of its own for each transaction: it is there before the transaction begins, and one of its rows takes it away.
 * A marker that is still there in the end, with its row committed, is an invalidation that was lost.
 */
export class Markers {
  readonly #world: World;
  #next = 1;
  /** Markers whose key is known to have been there. */
  armed = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The id to insert. A Redis that is down arms nothing: then the transaction is only checked by its other keys. */
  async arm(): Promise<number> {
    const id = this.#next++;
    const { redis, prefix } = this.#world;
    await redis.set(markerKey(prefix, id), '1').then(
      () => this.armed++,
      () => undefined,
    );
    return id;
  }

  async insert(connection: PoolConnection, id: number): Promise<void> {
    await connection.query(`INSERT INTO ${this.#world.database}.markers VALUES (?)`, [id]);
  }
}
