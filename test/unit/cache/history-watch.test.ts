import { beforeEach, describe, expect, it } from 'vitest';
import { HistoryWatch, type Loss } from '../../../src/cache/history-watch.ts';
import type { RedisMaster } from '../../../src/cache/redis-servers.ts';
import { HistoryNode as Node } from '../../support/history-node.ts';

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
    expect([...b.keys]).toContainEqual(['sluice:history:{0}:test', 'a b']);
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

  it('is not proved by a mark whose answer nobody has heard: it stands where an older one stood', async () => {
    const old = new Map(a.keys);
    await look(a.at(0), b.at(8_000));
    const restored = new Node('c', old);
    restored.isGivenUp = true;
    await expect(look(restored.at(0), b.at(8_000))).rejects.toThrow('given up');
    restored.isGivenUp = false;
    expect(await look(restored.at(0), b.at(8_000))).toMatchObject({ since: -1 });
    expect(await look(restored.at(0), b.at(8_000))).toBeNull();
  });

  it('is forgotten when the node has no slot any more: who knows what happens to it meanwhile', async () => {
    expect(await look(b.at(8_000))).toBeNull();
    expect(await look(a.at(0), b.at(8_000))).not.toBeNull();
    expect(await look(a.at(0), b.at(8_000))).toBeNull();
    expect(await look(b.at(8_000))).toBeNull();
    expect(await look(a.at(7_000), b.at(8_000))).toMatchObject({ since: -1 });
  });

  it('goes on for a node that did not answer while its first slot moved', async () => {
    const frozen = new Node('b');
    frozen.info = () => Promise.reject(new Error('Command timed out'));
    await expect(look(a.at(8_000), frozen.at(8_001))).rejects.toThrow('timed out');
    expect(await look(a.at(8_000), b.at(8_001))).toBeNull();
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

  describe('that a process before has noted', () => {
    const history = (node: Node): string => node.history ?? '';
    const next = (...masters: RedisMaster[]): Promise<Loss | null> =>
      new HistoryWatch({ owner: 'test', tagOf: String }).look(masters, { whole: true });
    /** As MIGRATE does. */
    function move(slot: number, from: Node, to: Node): void {
      for (const [key, value] of from.keys) {
        if (!key.includes(`{${slot}}`)) continue;
        from.keys.delete(key);
        to.keys.set(key, value);
      }
    }
    beforeEach(async () => {
      await look(a.at(0), b.at(8_000));
    });

    it('goes on although its note has moved to another node with the slot', async () => {
      move(0, a, b);
      expect(await next(a.at(1), b.at(0))).toBeNull();
    });

    it('is another one if no note names it, wherever its own note is', async () => {
      move(0, a, b);
      const restarted = new Node('c', a.keys);
      expect(await next(restarted.at(1), b.at(0))).toMatchObject({ since: -1 });
      expect(
        await next(new Node('d', new Map([['sluice:history:{0}:test', history(a)]])).at(0), b.at(8_000)),
      ).toMatchObject({ since: -1 });
    });

    it('is not asked for after an end in order, not even where its note has moved away', async () => {
      await watch.close([a.at(0), b.at(8_000)], { whole: true });
      move(0, a, b);
      expect(await next(new Node('c', a.keys).at(1), b.at(0))).toBeNull();
    });

    it('is asked for after an end in order if a server has begun another one since the last look', async () => {
      const restarted = new Node('c', a.keys);
      await watch.close([restarted.at(0), b.at(8_000)], { whole: true });
      expect(await next(restarted.at(0), b.at(8_000))).toMatchObject({ since: -1 });
    });

    it('is asked for although the server came back without any note, or with one of an end in order', async () => {
      for (const old of [[], [['sluice:history:{0}:test', 'closed'] as const]]) {
        const restarted = new Node('c', new Map(old));
        await watch.close([restarted.at(0), b.at(8_000)], { whole: true });
        expect(await next(restarted.at(0), b.at(8_000))).toMatchObject({ since: -1 });
      }
    });

    it('is asked for where the process ended before it had repaired what it knew of', async () => {
      const restarted = new Node('c');
      await look(restarted.at(0), b.at(8_000));
      await watch.close([restarted.at(0), b.at(8_000)], { whole: false });
      expect(await next(restarted.at(0), b.at(8_000))).toMatchObject({ since: -1 });
    });

    it('is asked for again where the answer to the first look was not heard', async () => {
      const next = new HistoryWatch({ owner: 'test', tagOf: String });
      const other = new Node('c', b.keys);
      other.isGivenUp = true;
      await expect(next.look([a.at(0), other.at(8_000)], { whole: true })).rejects.toThrow('given up');
      other.isGivenUp = false;
      expect(await next.look([a.at(0), other.at(8_000)], { whole: true })).toMatchObject({ since: -1 });
    });

    it('is asked for where the process was killed in between, whatever note the server came back with', async () => {
      const restarted = new Node('c', new Map([['sluice:history:{0}:test', 'closed']]));
      expect(await look(restarted.at(0), b.at(8_000))).toMatchObject({ since: -1 });
      await watch.look([restarted.at(0), b.at(8_000)], { whole: false });
      expect(await next(restarted.at(0), b.at(8_000))).toMatchObject({ since: -1 });
      // Repaired.
      await look(restarted.at(0), b.at(8_000));
      expect(await next(restarted.at(0), b.at(8_000))).toBeNull();
    });

    it('is taken for whole where it cannot be read only on the connection and with the mark of the last look', async () => {
      a.history = null;
      await look(a.at(0), b.at(8_000));
      const reconnected = new Node(null, a.keys);
      const note = async (node: Node): Promise<string | undefined> => {
        await watch.close([node.at(0)], { whole: true });
        return node.keys.get('sluice:history:{0}:test');
      };
      expect(await note(reconnected)).toBe('owed');
      expect(await note(a)).toBe('closed');
      a.keys.clear();
      expect(await note(a)).toBe('owed');
    });

    it('is that of each single node in notes of an older version', async () => {
      const [x, y] = [
        new Node('x', new Map([['sluice:history:{0}:test', 'x']])),
        new Node('y', new Map([['sluice:history:{8000}:test', 'y']])),
      ];
      expect(await next(x.at(0), y.at(8_000))).toBeNull();
    });
  });
});
