import type { Redis } from 'ioredis';
import type { RedisMaster } from '../../src/cache/redis-servers.ts';

/** A master as far as a look goes: its history, and the marks it still has. */
export class HistoryNode {
  /** Null: INFO is forbidden. */
  history: string | null;
  /** What it does it still does, but nobody hears of it. */
  isGivenUp = false;
  readonly keys: Map<string, string>;

  constructor(history: string | null, keys: ReadonlyMap<string, string> = new Map()) {
    this.history = history;
    this.keys = new Map(keys);
  }

  at(slot: number): RedisMaster {
    const use = async (work: (client: Redis) => Promise<unknown>): Promise<unknown> => {
      const answer = await work(this as unknown as Redis);
      if (this.isGivenUp) throw new Error('the connection was given up meanwhile');
      return answer;
    };
    return { slot, server: { name: 'node', commands: { use } } as unknown as RedisMaster['server'] };
  }

  info(): Promise<string> {
    if (this.history === null) return Promise.reject(new Error('NOPERM no INFO'));
    return Promise.resolve(`role:master\r\nmaster_replid:${this.history}\r\n`);
  }

  /** mark-history.lua */
  evalsha(_sha: string, _count: number, mark: string, noted: string, ...args: string[]): Promise<string[]> {
    const before = [this.keys.get(mark) ?? '', this.keys.get(noted) ?? ''];
    this.keys.set(mark, args[0] ?? '');
    if (args[2] !== '') this.keys.set(noted, args[2] ?? '');
    return Promise.resolve(before);
  }
}
