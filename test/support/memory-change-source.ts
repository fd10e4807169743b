import type { Position, ResumePoint, Start } from '../../src/model/position.ts';
import type { ChangeBatch, RowChange } from '../../src/model/row-change.ts';
import { firstVersion } from '../../src/model/version.ts';
import type { ChangeSource } from '../../src/ports.ts';
import { makeChange, makeTable } from './tables.ts';

const TABLE = makeTable('memory', 't', ['id'], { primaryKey: ['id'] });
const COMMIT_TIME_US = 1_700_000_000_000_000;

/** A log of transactions in memory; the binlog offset counts them. One transaction is one batch. */
export class MemoryChangeSource implements ChangeSource {
  readonly #log: (readonly number[])[] = [];
  #wake: (() => void)[] = [];

  /** One transaction that inserts these ids. */
  commit(ids: readonly number[]): void {
    this.#log.push(ids);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async *changes(from: ResumePoint, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    let { lastVersion } = from;
    for (let index = from.position.coordinates.offset; !signal.aborted; index++) {
      while (this.#log[index] === undefined) {
        await this.#next(signal);
        if (signal.aborted) return;
      }
      const changes = this.#changesOf(index, lastVersion);
      lastVersion = changes.at(-1)?.version ?? lastVersion;
      yield {
        changes,
        sizeBytes: changes.length,
        end: { coordinates: { file: 'memory', offset: index + 1 }, gtids: [], lastVersion },
        commitTimeMs: COMMIT_TIME_US / 1000,
      };
    }
  }

  locate({ kind }: Start): Promise<Position> {
    const offset = kind === 'now' ? this.#log.length : 0;
    return Promise.resolve({
      flavour: 'mysql',
      serverUuid: 'memory',
      coordinates: { file: 'memory', offset },
      gtidSet: null,
    });
  }

  #changesOf(index: number, lastVersion: number): RowChange[] {
    const first = firstVersion(lastVersion, COMMIT_TIME_US);
    return (this.#log[index] ?? []).map((id, row) => makeChange(TABLE, null, { id }, first + row));
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
