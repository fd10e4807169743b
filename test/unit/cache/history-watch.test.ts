import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { HistoryWatch, type Loss } from '../../../src/cache/history-watch.ts';
import type { RedisMaster } from '../../../src/cache/redis-servers.ts';

/** A master as far as a look goes: its history, and the marks it still has. */
class Node {
  /** Null: INFO is forbidden. */
  history: string | null;
  readonly keys: Map<string, string>;

  constructor(history: string | null, keys: ReadonlyMap<string, string> = new Map()) {
    this.history = history;
    this.keys = new Map(keys);
  }

  at(slot: number): RedisMaster {
    const use = (work: (client: Redis) => Promise<unknown>): Promise<unknown> => work(this as unknown as Redis);
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

describe('the history of nodes whose slots move', () => {
  let watch: HistoryWatch;
  let [a, b]: [Node, Node] = [new Node('a'), new Node('b')];
  const look = (...masters: RedisMaster[]): Promise<Loss | null> => watch.look(masters, { whole: true });
  beforeEach(async () => {
    [a, b] = [new Node('a'), new Node('b')];
    watch = new HistoryWatch({ owner: 'test', tagOf: String });
    expect(await look(a.at(0), b.at(8_000))).toBeNull();
  });

  it('goes on, whichever slot is their first', async () => {
    expect(await look(a.at(1), b.at(0))).toBeNull();
    expect(await look(a.at(2), b.at(0))).toBeNull();
    expect(await look(b.at(0))).toBeNull();
    // Noted where the next process looks.
    expect([...b.keys]).toContainEqual(['sluice:history:{0}:test', 'b']);
  });

  it('is another one when a replica has taken over in between: nothing proves what it has', async () => {
    const promoted = new Node('c', a.keys);
    expect(await look(promoted.at(1), b.at(0))).toMatchObject({ since: -1 });
    // Told once.
    expect(await look(promoted.at(2), b.at(0))).toBeNull();
  });

  it('is proved by a mark that has come with its slot', async () => {
    await look(a.at(0), b.at(8_000));
    const mark = Number([...a.keys].find(([key]) => key.startsWith('sluice:mark:{0}:'))?.[1]);
    expect(await look(a.at(1), new Node('c', a.keys).at(0))).toMatchObject({ since: mark });
  });

  it('is forgotten when the node has no slot any more: who knows what happens to it meanwhile', async () => {
    expect(await look(b.at(8_000))).toBeNull();
    expect(await look(a.at(0), b.at(8_000))).not.toBeNull();
    expect(await look(a.at(0), b.at(8_000))).toBeNull();
    expect(await look(b.at(8_000))).toBeNull();
    expect(await look(a.at(7_000), b.at(8_000))).toMatchObject({ since: -1 });
  });

  it('counts as another one where INFO is forbidden', async () => {
    a.history = null;
    await look(a.at(0), b.at(8_000));
    expect(await look(a.at(0), b.at(8_000))).toBeNull();
    expect(await look(a.at(1), b.at(8_000))).toMatchObject({ since: -1 });
  });

  it('of the first look is only compared with what was noted', async () => {
    const first = new HistoryWatch({ owner: 'other', tagOf: String });
    expect(await first.look([new Node('x').at(0)], { whole: true })).toBeNull();
    const noted = new Map([['sluice:history:{0}:other', 'y']]);
    const second = new HistoryWatch({ owner: 'other', tagOf: String });
    expect(await second.look([new Node('x', noted).at(0)], { whole: true })).toMatchObject({ since: -1 });
  });
});
