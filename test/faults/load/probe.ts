import type { World } from '../world/world.ts';
import type { Strike } from '../journal.ts';
import { delay } from '../wait.ts';
import { keyOf } from './families.ts';

/** Ids that nobody else uses. */
const FIRST_ID = 1_000_000_000;

export interface Passed {
  /** When it was committed, and when its key was seen to be gone (`performance.now`). */
  readonly committedMs: number;
  readonly goneMs: number;
}

const PATIENCE_MS = 400;

/** One change after another, each timed from its commit until its key is gone: the longest time is the unavailability. */
export class Probe {
  readonly #world: World;
  readonly passed: Passed[] = [];
  #stopping = false;
  #done: Promise<void> = Promise.resolve();

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  get longestMs(): number {
    return this.passed.reduce((longest, { committedMs, goneMs }) => Math.max(longest, goneMs - committedMs), 0);
  }

  /** Faults after which a change that was committed later has been applied. */
  recoveries(strikes: readonly Strike[]): number {
    return strikes.filter(({ atMs }) => this.passed.some(({ committedMs }) => committedMs > atMs)).length;
  }

  /** How long after this moment the first change committed after it was applied; null: none was. */
  firstAfter(atMs: number): number | null {
    const first = this.passed.find(({ committedMs }) => committedMs >= atMs);
    return first === undefined ? null : first.goneMs - atMs;
  }

  /** One that is lost must not keep the next ones from telling that others come through. */
  async #loop(): Promise<void> {
    const open: Promise<void>[] = [];
    for (let id = FIRST_ID; !this.#stopping; id++) {
      // A fault at our own feet: the next one tells.
      const one = this.#once(id).catch(() => undefined);
      open.push(one);
      await Promise.race([one, delay(PATIENCE_MS)]);
      await delay(20);
    }
    await Promise.all(open);
  }

  async #once(id: number): Promise<void> {
    const { redis, primary, prefix, database } = this.#world;
    const key = keyOf(prefix, 'mark', id);
    await redis.set(key, '1');
    await primary.run(`INSERT INTO ${database}.markers VALUES (?)`, [id]);
    const committedMs = performance.now();
    while (!this.#stopping) {
      const there = await redis.exists(key).catch(() => 1);
      if (there === 0) return void this.passed.push({ committedMs, goneMs: performance.now() });
      await delay(5);
    }
  }
}
