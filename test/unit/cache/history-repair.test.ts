import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EncodedCommand } from '../../../src/cache/encoded-command.ts';
import { HistoryRepair, type HistoryEvent } from '../../../src/cache/history-repair.ts';
import type { RedisServers } from '../../../src/cache/redis-servers.ts';
import type { CacheCommand } from '../../../src/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { HistoryNode } from '../../support/history-node.ts';

const KEYS = Array.from({ length: 5_000 }, (_, i) => `k:${i}`);
const SLICES = [KEYS.slice(0, 2_000), KEYS.slice(2_000, 4_000), KEYS.slice(4_000)];
const NOTE = 'sluice:history:{0}:test';

describe('what a server has forgotten', () => {
  let [clock, node] = [new FakeClock(), new HistoryNode('a')];
  let repair: HistoryRepair;
  let sent: string[][];
  let events: HistoryEvent[];
  /** What becomes of the next slices; after those all is well. */
  let answers: (() => void)[];

  const looked = async (): Promise<void> => {
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  };
  const look = async (): Promise<void> => {
    clock.advance(1_000);
    await looked();
  };
  /** With all that was written before the last look. */
  const rollBack = (history: string): void => void (node.history = history);
  const fails = (): never => {
    throw new Error('no answer in time');
  };

  beforeEach(async () => {
    [clock, node] = [new FakeClock(), new HistoryNode('a')];
    [sent, events, answers] = [[], [], []];
    const servers = {
      masters: () => Promise.resolve([node.at(0)]),
      verify: () => Promise.resolve(),
      doubt: () => undefined,
    } as Partial<RedisServers> as RedisServers;
    const apply = async (commands: readonly CacheCommand[]): Promise<void> => {
      await Promise.resolve();
      sent.push(commands.map(({ key }) => key));
      answers.shift()?.();
      repair.note(commands, [...commands.keys()]);
    };
    repair = new HistoryRepair({
      owner: 'test',
      servers,
      clock,
      tagOf: String,
      apply,
      flush: () => Promise.resolve(0),
      ownPatterns: () => ['k:*'],
      onEvent: (event) => events.push(event),
    });
    repair.start();
    await looked();
    await look();
    repair.note(
      KEYS.map((key) => ({ kind: 'delete', key, version: 1, versioned: false })),
      [...KEYS.keys()],
    );
  });

  it('is deleted behind all that has a version, and not in one call with it: nobody knows which came last', async () => {
    const plain = Array.from({ length: 2_500 }, (_, i) => `p:${i}`);
    repair.noteUnlink(new EncodedCommand('unlink', plain).bytes);
    repair.note([{ kind: 'delete', key: 'p:7', version: 5, versioned: true }], [0]);
    rollBack('b');
    answers = [() => undefined, () => undefined, () => undefined, () => undefined, fails];
    await look();
    await look();
    const versioned = [...KEYS, 'p:7'];
    expect(sent.slice(0, 3)).toEqual([
      versioned.slice(0, 2_000),
      versioned.slice(2_000, 4_000),
      versioned.slice(4_000),
    ]);
    // The one that failed is done again, and so is what comes behind it.
    expect(sent.slice(3)).toEqual([plain.slice(0, 2_000), plain.slice(2_000), plain.slice(2_000)]);
    expect(events.at(-1)).toMatchObject({ kind: 'repaired', by: 'repeated', keys: 7_501 });
  });

  it('is repeated in slices, the oldest first, and an attempt goes on where the one before it failed', async () => {
    rollBack('b');
    answers = [() => undefined, fails];
    await look();
    expect(sent).toEqual(SLICES.slice(0, 2));
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'failed']);
    sent = [];
    await look();
    expect(sent).toEqual(SLICES.slice(1));
    expect(events.at(-1)).toEqual({ kind: 'repaired', by: 'repeated', keys: KEYS.length });
    sent = [];
    await look();
    expect(sent).toEqual([]);
  });

  it('is repeated from the beginning when it is forgotten again', async () => {
    const before = new Map(node.keys);
    rollBack('b');
    answers = [() => undefined, fails];
    await look();
    sent = [];
    node = new HistoryNode('c', before);
    await look();
    expect(sent).toEqual(SLICES);
    expect(events.at(-1)).toEqual({ kind: 'repaired', by: 'repeated', keys: KEYS.length });
  });

  it('is left to the next process where this one ends in between', async () => {
    let closed: Promise<void> | undefined;
    rollBack('b');
    answers = [() => void (closed = repair.close())];
    clock.advance(1_000);
    await vi.waitFor(() => expect(closed).toBeDefined());
    await closed;
    expect(sent).toEqual(SLICES.slice(0, 1));
    expect(node.keys.get(NOTE)).toBe('owed');
  });

  it('is nothing where nothing was forgotten', async () => {
    await repair.close();
    expect(node.keys.get(NOTE)).toBe('closed');
  });
});
