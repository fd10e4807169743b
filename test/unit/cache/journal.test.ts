import { describe, expect, it } from 'vitest';
import { EncodedCommand } from '../../../src/cache/encoded-command.ts';
import { Journal } from '../../../src/cache/journal.ts';
import type { CacheCommand } from '../../../src/ports.ts';

const remove = (key: string, version = 1): CacheCommand => ({ kind: 'delete', key, version, versioned: false });
const set = (key: string, version: number, value: string | Record<string, string>): CacheCommand => {
  return { kind: 'set', key, version, value, ttlMs: null };
};
const unlink = (...keys: readonly string[]): Buffer => new EncodedCommand('unlink', keys).bytes;
/** As it comes back from the bytes of an UNLINK. */
const removed = (key: string): CacheCommand => remove(key, 0);
const keysSince = (journal: Journal, mark: number): string[] => journal.since(mark).commands.map(({ key }) => key);
/** What a chunk costs beside what it holds. */
const COST = 512;

describe('the journal', () => {
  it('gives what was acknowledged when the mark had been begun, and later', () => {
    const journal = new Journal();
    journal.note(remove('a'), 1);
    journal.note(remove('b'), 2);
    journal.note(remove('c'), 3);
    // Acknowledged between the beginning of mark 2 and that of mark 3: the mark does not prove it.
    expect(keysSince(journal, 2)).toEqual(['b', 'c']);
    expect(journal.since(2).complete).toBe(true);
    expect(keysSince(journal, 4)).toEqual([]);
  });

  it('gives all it has, and says that it is not all, when no mark is left', () => {
    const journal = new Journal();
    journal.note(remove('a'), 1);
    expect(journal.since(-1)).toMatchObject({ commands: [remove('a')], complete: false });
  });

  it('forgets the oldest, and says that it is not all when that was since the mark', () => {
    const journal = new Journal({ mostKeys: 2, chunkKeys: 1 });
    for (const [index, key] of ['a', 'b', 'c'].entries()) journal.note(remove(key), index);
    expect(journal.since(1)).toMatchObject({ complete: true, commands: [remove('b'), remove('c')] });
    expect(journal.since(0)).toMatchObject({ complete: false, commands: [remove('b'), remove('c')] });
    // A key that comes again is given once.
    journal.note(remove('c', 2), 5);
    expect(journal.since(2)).toMatchObject({ complete: true, commands: [remove('c', 2)] });
  });

  it('is bounded by the length of its keys too', () => {
    const journal = new Journal({ mostBytes: 10 * (COST + 100), chunkKeys: 1 });
    for (let i = 0; i < 50; i++) journal.note(remove(`${i}`.padStart(100, 'x')), i);
    expect(journal.since(0).commands).toHaveLength(10);
    expect(journal.since(0).complete).toBe(false);
    expect(journal.since(45).complete).toBe(true);
  });

  it('takes no longer the more it has forgotten', () => {
    const journal = new Journal({ mostKeys: 1_000, chunkKeys: 50 });
    const time = (from: number): number => {
      const begun = performance.now();
      for (let i = from; i < from + 50_000; i++) journal.note(remove(`k${i}`), 1);
      return performance.now() - begun;
    };
    time(0);
    expect(time(50_000)).toBeLessThan(2_000);
  });

  it('keeps the newest version of a key, whichever was acknowledged last', () => {
    const journal = new Journal();
    journal.note(set('a', 2, 'new'), 1);
    journal.note(set('a', 1, 'old'), 2);
    expect(journal.since(1).commands).toEqual([set('a', 2, 'new')]);
  });

  it('keeps the newest of a key in whatever order deletes, versioned deletes and values come', () => {
    const versioned = (key: string, version: number): CacheCommand => ({
      kind: 'delete',
      key,
      version,
      versioned: true,
    });
    const kinds = [remove, versioned, (key: string, version: number) => set(key, version, 'x')];
    for (let way = 0; way < 6 ** 3; way++) {
      // A kind and a version for each of three commands; of equal versions the later one counts.
      const commands = [way % 6, Math.floor(way / 6) % 6, Math.floor(way / 36)].map(
        (each) => kinds[each % 3]?.('a', each >> 1 === 2 ? 2 : 1) ?? remove('a'),
      );
      const journal = new Journal({ mostKeys: 2, chunkKeys: 2 });
      for (const command of commands) journal.note(command, 1);
      const newest = commands.reduce((known, each) => (known.version > each.version ? known : each));
      expect(journal.since(1)).toMatchObject({ commands: [newest], complete: true });
      // It is one key, however often it came.
      journal.note(remove('b'), 1);
      expect(keysSince(journal, 1).sort()).toEqual(['a', 'b']);
      journal.note(remove('c'), 1);
      expect(journal.since(1)).toMatchObject({ commands: [{ key: 'c' }], complete: false });
    }
  });

  it('gives the keys of plain deletes back from the commands they were sent with', () => {
    const journal = new Journal();
    const keys = ['a', 'käse:{ü}', 'a\r\nb', '', '😀', 'x'.repeat(3_000)];
    journal.noteUnlink(unlink(...keys), 1);
    journal.noteUnlink(unlink('b'), 1);
    journal.noteUnlink(unlink('c', 'a'), 2);
    expect(journal.since(1)).toMatchObject({ deletes: [...keys, 'b', 'c'].map(removed), complete: true });
    expect(journal.since(2)).toMatchObject({ deletes: ['c', 'a'].map(removed), complete: true });
  });

  it('is bounded by the bytes of those commands, too', () => {
    const nameOf = (id: number, letter: string): string => `${id}`.padStart(1_000, letter);
    const { length } = unlink(nameOf(0, 'x'));
    const journal = new Journal({ mostBytes: 10 * (COST + length), chunkBytes: 2 * length });
    for (let i = 0; i < 50; i++) journal.noteUnlink(unlink(nameOf(i, 'x')), i);
    expect(journal.since(0).deletes).toHaveLength(10);
    expect(journal.since(39).complete).toBe(false);
    expect(journal.since(40).complete).toBe(true);
    // Also of many that belong to one mark.
    for (let i = 0; i < 50; i++) journal.noteUnlink(unlink(nameOf(i, 'y')), 50);
    expect(journal.since(50).deletes.length).toBeLessThan(14);
    expect(journal.since(50).complete).toBe(false);
  });

  it('is bounded on a quiet day as well, when each second has a chunk of its own', () => {
    const journal = new Journal({ mostBytes: 100_000 });
    for (let second = 0; second < 1_000; second++) journal.noteUnlink(unlink(`k${second}`), second);
    expect(journal.since(0).deletes.length).toBeGreaterThan(100_000 / 1_024);
    expect(journal.since(0).deletes.length).toBeLessThan(100_000 / COST);
  });

  it('gives a key both ways of which both a plain delete and a version are known: nobody knows which came last', () => {
    for (const order of ['unlink first', 'unlink last']) {
      const journal = new Journal();
      if (order === 'unlink first') journal.noteUnlink(unlink('a'), 1);
      journal.note(set('a', 5, 'x'), 1);
      if (order === 'unlink last') journal.noteUnlink(unlink('a'), 1);
      expect(journal.since(1)).toMatchObject({ commands: [set('a', 5, 'x')], deletes: [removed('a')] });
    }
  });

  it('remembers short texts as they are, and of anything larger that the key must go', () => {
    const journal = new Journal();
    journal.note(set('short', 1, 'x'), 1);
    journal.note(set('long', 2, 'x'.repeat(101)), 1);
    journal.note(set('hash', 3, { field: 'x' }), 1);
    expect(journal.since(0).commands).toEqual([
      set('short', 1, 'x'),
      { kind: 'delete', key: 'long', version: 2, versioned: true },
      { kind: 'delete', key: 'hash', version: 3, versioned: true },
    ]);
  });

  it('never forgets an epoch, which no flush would bring back', () => {
    const journal = new Journal({ mostKeys: 1, chunkKeys: 1 });
    journal.note(set('sluice:epoch:t', 1, '1'), 0);
    for (let i = 0; i < 10; i++) journal.note(remove(`k${i}`), i);
    expect(keysSince(journal, 0)).toEqual(['sluice:epoch:t', 'k9']);
  });

  it('remembers flushes, the newest of each pattern', () => {
    const journal = new Journal();
    const flush = (pattern: string, version: number) => ({ pattern, version, versioned: true, forced: false });
    journal.noteFlush(flush('a*', 1), 1);
    journal.noteFlush(flush('b*', 2), 1);
    journal.noteFlush(flush('a*', 3), 2);
    expect(journal.since(1).flushes).toEqual([flush('b*', 2), flush('a*', 3)]);
    expect(journal.since(2).flushes).toEqual([flush('a*', 3)]);
  });
});
