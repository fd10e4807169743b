import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeCheckpoint } from '../../src/model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../../src/ports.ts';

/** A place for one checkpoint that nobody used before. */
export interface CheckpointStoreHarness {
  /** A store on that place; called again it is another process after a restart. The suite closes it. */
  open(): CheckpointStore;
  /** Puts this text where the checkpoint of this token stands, as bad luck would. Token 0: as a release without tokens would. */
  write(text: string, token: number): Promise<void>;
  /** Removes the place. */
  close(): Promise<void>;
}

const checkpoint = (
  lastVersion: number,
  gtidSet: string | null = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5',
): Checkpoint => ({
  position: {
    flavour: 'mysql',
    serverUuid: '3e11fa47-71ca-11e1-9e33-c80aa9429562',
    coordinates: { file: 'binlog.000042', offset: 1_967 },
    gtidSet,
  },
  lastVersion,
  epochs: new Map(),
  savedAtMs: 1_790_000_000_123,
});

/** The promises of the CheckpointStore port. */
export function describeCheckpointStore(name: string, create: () => Promise<CheckpointStoreHarness>): void {
  const start = async () => {
    const harness = await create();
    onTestFinished(() => harness.close());
    const open = (): CheckpointStore => {
      const store = harness.open();
      onTestFinished(() => store.close());
      return store;
    };
    const store = open();
    const claimed = async () => ({ harness, open, store, token: await store.claim() });
    return { harness, open, store, claimed };
  };

  describe(`${name} as a CheckpointStore`, () => {
    test('has nothing before the first save', async () => {
      const { store } = await start();
      expect(await store.load()).toBeNull();
    });

    test('has nothing but a token after the first claim', async () => {
      const { store, open } = await start();
      await store.claim();
      expect(await open().load()).toBeNull();
    });

    test('gives back what was saved last', async () => {
      const { store, token } = await (await start()).claimed();
      await store.save(checkpoint(1), token);
      expect(await store.load()).toEqual(checkpoint(1));
      await store.save(checkpoint(Number.MAX_SAFE_INTEGER, null), token);
      expect(await store.load()).toEqual(checkpoint(Number.MAX_SAFE_INTEGER, null));
    });

    test('gives it back after a restart, and after the next claim', async () => {
      const { store, token, open } = await (await start()).claimed();
      for (let version = 1; version <= 20; version++) await store.save(checkpoint(version), token);
      await store.close();
      const next = open();
      expect(await next.load()).toEqual(checkpoint(20));
      await next.claim();
      expect(await next.load()).toEqual(checkpoint(20));
      expect(await open().load()).toEqual(checkpoint(20));
    });

    test('keeps a GTID set of many thousand intervals', async () => {
      const { store, token, open } = await (await start()).claimed();
      const intervals = Array.from({ length: 20_000 }, (_, i) => `${i * 10 + 1}-${i * 10 + 5}`);
      const large = checkpoint(1, `3e11fa47-71ca-11e1-9e33-c80aa9429562:${intervals.join(':')}`);
      await store.save(large, token);
      expect(await open().load()).toEqual(large);
    });

    test.each([
      ['nothing', ''],
      ['half of it', '{\n  "format": 1,\n  "savedAt"'],
      ['something else', '{"format":1}'],
      ['a format of tomorrow', '{"format":999}'],
    ])('refuses to go on from a damaged checkpoint, which a claim leaves damaged: %s', async (_, text) => {
      const { harness, store, token, open } = await (await start()).claimed();
      await store.save(checkpoint(1), token);
      await harness.write(text, token);
      const unreadable = expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }) as Error;
      await expect(open().load()).rejects.toEqual(unreadable);
      const next = open();
      const newer = await next.claim();
      expect(newer).toBeGreaterThan(token);
      await expect(next.load()).rejects.toEqual(unreadable);
      await next.save(checkpoint(2), newer);
      expect(await open().load()).toEqual(checkpoint(2));
    });

    test('goes on from a checkpoint of a release that had no tokens', async () => {
      const { harness, open } = await start();
      await harness.write(encodeCheckpoint(checkpoint(7)), 0);
      const store = open();
      expect(await store.load()).toEqual(checkpoint(7));
      const token = await store.claim();
      expect(token).toBeGreaterThan(0);
      expect(await store.load()).toEqual(checkpoint(7));
      await store.save(checkpoint(8), token);
      expect(await open().load()).toEqual(checkpoint(8));
    });

    test('lets nobody save under an old token: LEASE_LOST, and nothing changes (I7)', async () => {
      const { store: zombie, token: old, open } = await (await start()).claimed();
      await zombie.save(checkpoint(1), old);
      const active = open();
      const token = await active.claim();
      const lost = expect.objectContaining({ code: 'LEASE_LOST' }) as Error;
      // Before the new one has saved anything, and after it.
      await expect(zombie.save(checkpoint(2), old)).rejects.toEqual(lost);
      expect(await open().load()).toEqual(checkpoint(1));
      await active.save(checkpoint(3), token);
      await expect(zombie.save(checkpoint(2), old)).rejects.toEqual(lost);
      expect(await open().load()).toEqual(checkpoint(3));
      expect([await zombie.isNewest(old), await active.isNewest(token)]).toEqual([false, true]);
    });

    test('gives claims at the same time different tokens, of which one can save', async () => {
      const { open } = await start();
      const stores = Array.from({ length: 4 }, open);
      const tokens = await Promise.all(stores.map((store) => store.claim()));
      expect(new Set(tokens).size).toBe(4);
      const saves = await Promise.allSettled(stores.map((store, i) => store.save(checkpoint(i + 1), tokens[i] ?? 0)));
      const newest = tokens.indexOf(Math.max(...tokens));
      expect(saves.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))).toEqual([newest]);
      expect(await open().load()).toEqual(checkpoint(newest + 1));
    });

    test('may be closed twice', async () => {
      const { store } = await start();
      await store.load();
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
