/** Rows that are only ever counted up: their refreshed keys may disappear, but they must never show a smaller number. */
import type { World } from '../world/world.ts';
import { delay } from '../wait.ts';
import { keyOf } from './families.ts';
import { ROWS } from './tables.ts';

export const TICKERS = [1, 2, 3, 4].map((n) => ROWS + 100 + n);
const KEYS = ['card', 'stat'] as const;

export class NeverBack {
  readonly #world: World;
  readonly #excused: boolean;
  readonly #newest = new Map<string, number>();
  #stopping = false;
  #done: Promise<void> = Promise.resolve();
  looks = 0;

  constructor(world: World, excused: boolean) {
    this.#excused = excused;
    this.#world = world;
  }

  start(): void {
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #loop(): Promise<void> {
    const { redis, prefix } = this.#world;
    const keys = KEYS.flatMap((family) => TICKERS.map((id) => keyOf(prefix, family, id)));
    for (; !this.#stopping; await delay(4)) {
      // One by one: in a cluster they are on several nodes.
      const values = await Promise.all(keys.map((key) => redis.get(key).catch(() => null)));
      values.forEach((value, index) => this.#look(keys[index] ?? '', value));
    }
  }

  #look(key: string, value: string | null): void {
    if (value === null) return;
    this.looks++;
    const { n } = JSON.parse(value) as { n: number };
    const before = this.#newest.get(key) ?? 0;
    const { journal } = this.#world;
    if (n < before && this.#excused) journal.count('older values seen for a moment');
    else if (n < before) journal.problem('order', `${key} showed ${n} after ${before}`);
    // Told once: what follows is compared with the smaller number.
    this.#newest.set(key, n);
  }
}
