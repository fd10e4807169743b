import type { World } from '../world/world.ts';
import type { Random } from '../random.ts';
import { delay, messageOf } from '../wait.ts';
import type { Markers } from './markers.ts';
import type { Pace } from './pace.ts';
import { rowFor } from './statements.ts';
import { TICKERS } from './tickers.ts';
import { ROWS, TABLES, TABLE_NAMES } from './tables.ts';
import { transactions, type Work } from './transactions.ts';
import { isUsual } from './usual-errors.ts';
import { xaTransaction } from './xa.ts';

export interface WritersOptions {
  readonly world: World;
  readonly random: Random;
  readonly markers: Markers;
  readonly count: number;
  /** Longest pause between two transactions of a writer, ms. */
  readonly pauseMs: number;
  /** Instead of pauses. */
  readonly pace: Pace | null;
  /** Weight of transactions on rows that nobody holds for long. */
  readonly ticks: number;
  readonly xa: boolean;
}

/** Changes rows until told to stop. */
export class Writers {
  readonly #options: WritersOptions;
  #stopping = false;
  #done: Promise<unknown> = Promise.resolve();

  constructor(options: WritersOptions) {
    this.#options = options;
  }

  /** The rows there are in the beginning. */
  async insertAll(): Promise<void> {
    const { world, random } = this.#options;
    for (const table of TABLE_NAMES) {
      const rows = [...Array.from({ length: ROWS }, (_, index) => index + 1), ...TICKERS].map((id) =>
        rowFor(table, id, random),
      );
      const columns = ['id', 'n', ...TABLES[table].more].join(', ');
      await world.primary.run(`INSERT INTO ${world.database}.${table} (${columns}) VALUES ?`, [rows]);
    }
  }

  start(): void {
    const { count, random } = this.#options;
    const loops = Array.from({ length: count }, (_, index) => this.#loop(random.branch(`writer ${index}`)));
    this.#done = Promise.all(loops);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #loop(random: Random): Promise<void> {
    const { world, markers, pauseMs, pace, ticks, xa } = this.#options;
    const turn = pace === null ? (): Promise<void> => delay(random.int(0, pauseMs)) : (): Promise<void> => pace.turn();
    const next = pace === null ? (): Promise<void> => Promise.resolve() : turn;
    const kinds = [...transactions(ticks), { weight: xa ? 12 : 0, commit: xaTransaction(world) }];
    while (!this.#stopping) {
      const { commit } = random.weighted(kinds);
      try {
        await world.primary.use((connection) => {
          const work: Work = { connection, database: world.database, random, markers, next };
          return commit(work);
        });
        world.journal.count('transactions');
      } catch (error) {
        this.#failed(messageOf(error));
        await delay(random.int(5, 60));
      }
      await turn();
    }
  }

  #failed(reason: string): void {
    const { journal } = this.#options.world;
    journal.count('transactions failed');
    if (!isUsual(reason)) journal.problem('harness', `a writer failed: ${reason}`);
  }
}
