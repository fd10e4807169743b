import type { RowDataPacket } from 'mysql2/promise';
import type { World } from '../world/world.ts';
import type { Random } from '../random.ts';
import { delay } from '../wait.ts';
import { FAMILIES, keyOf, type Family, type Row } from './families.ts';
import { anyId, valueOf } from './statements.ts';

export interface ReadersOptions {
  readonly world: World;
  readonly random: Random;
  readonly locked: number;
  readonly aside: number;
  readonly pauseMs: number;
  /** Longest time between the SELECT and the SET of a cache-aside reader. */
  readonly thinkMs: number;
  /** A cache-aside read that takes longer than this breaks the contract of `again_after`. */
  readonly againAfterMs: number;
}

/** Fills the cache as applications do, in two ways, until told to stop. */
export class Readers {
  readonly #options: ReadersOptions;
  #stopping = false;
  #done: Promise<unknown> = Promise.resolve();

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  start(): void {
    const { locked, aside, random } = this.#options;
    this.#done = Promise.all([
      ...range(locked).map((n) => this.#loop('locked', random.branch(`locked ${n}`), (key) => this.#fillLocked(key))),
      ...range(aside).map((n) => this.#loop('aside', random.branch(`aside ${n}`), (key) => this.#readAside(key))),
    ]);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #loop(filler: Family['filler'], random: Random, read: (key: Key) => Promise<void>): Promise<void> {
    const families = FAMILIES.filter((family) => family.filler === filler);
    while (!this.#stopping) {
      const family = random.pick(families);
      const value = family.column === 'id' ? anyId(random) : valueOf(family.column, random);
      await read({ family, value, thinkMs: random.int(0, this.#options.thinkMs) }).then(
        () => this.#options.world.journal.count(`${filler} reads`),
        () => delay(random.int(5, 60)),
      );
      await delay(random.int(0, this.#options.pauseMs));
    }
  }

  /**
   * The value is stored while nobody can change its rows: such a fill is never late. If it is not known that the lock held
   * until the end, the key is taken away again.
   */
  async #fillLocked({ family, value }: Key): Promise<void> {
    const { primary, redis, prefix, journal } = this.#options.world;
    const key = keyOf(prefix, family.name, value);
    try {
      await primary.use(async (connection) => {
        await connection.beginTransaction();
        const [rows] = await connection.query<RowDataPacket[]>(`${this.#select(family)} FOR UPDATE`, [value]);
        await redis.set(key, filled(family, rows));
        await connection.commit();
      });
    } catch (error) {
      journal.count('locked fills taken back');
      await this.#takeBack(key);
      throw error;
    }
  }

  async #readAside({ family, value, thinkMs }: Key): Promise<void> {
    const { primary, redis, prefix, journal } = this.#options.world;
    const key = keyOf(prefix, family.name, value);
    if ((await redis.get(key)) !== null) return;
    const begunMs = performance.now();
    const rows = await primary.rows(this.#select(family), [value]);
    await delay(thinkMs);
    try {
      await redis.set(key, filled(family, rows));
    } finally {
      if (performance.now() - begunMs > this.#options.againAfterMs) {
        journal.count('aside reads too slow');
        await this.#takeBack(key);
      }
    }
    journal.count('aside fills');
  }

  /** As long as it takes: whether the SET came through is not known. */
  async #takeBack(key: string): Promise<void> {
    const { redis } = this.#options.world;
    for (let tries = 0; tries < 2_000; tries++) {
      const gone = await redis.unlink(key).then(
        () => true,
        () => false,
      );
      if (gone) return;
      await delay(50);
    }
    this.#options.world.journal.problem('harness', `could not take back ${key}`);
  }

  #select({ table, column }: Family): string {
    return `SELECT * FROM ${this.#options.world.database}.${table} WHERE ${column} = ? ORDER BY id`;
  }
}

interface Key {
  readonly family: Family;
  readonly value: string | number;
  readonly thinkMs: number;
}

/** Applications store strings; hashes are the daemon's. */
function filled(family: Family, rows: readonly Row[]): string {
  const value = family.value(rows);
  if (typeof value !== 'string') throw new Error(`nobody fills ${family.name}`);
  return value;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
