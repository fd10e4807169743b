import { describe, expect, onTestFinished, test } from 'vitest';
import type { Checkpoint, CheckpointStore } from '../../src/ports.ts';

/** A place for one checkpoint that nobody used before. */
export interface CheckpointStoreHarness {
  /** A store on that place; called again it is another process after a restart. The suite closes it. */
  open(): CheckpointStore;
  /** Puts this text where the checkpoint stands, as bad luck would. */
  damage(text: string): Promise<void>;
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
    return { harness, open, store: open() };
  };

  describe(`${name} as a CheckpointStore`, () => {
    test('has nothing before the first save', async () => {
      const { store } = await start();
      expect(await store.load()).toBeNull();
    });

    test('gives back what was saved last', async () => {
      const { store } = await start();
      await store.save(checkpoint(1));
      expect(await store.load()).toEqual(checkpoint(1));
      await store.save(checkpoint(Number.MAX_SAFE_INTEGER, null));
      expect(await store.load()).toEqual(checkpoint(Number.MAX_SAFE_INTEGER, null));
    });

    test('gives it back after a restart', async () => {
      const { store, open } = await start();
      for (let version = 1; version <= 20; version++) await store.save(checkpoint(version));
      await store.close();
      expect(await open().load()).toEqual(checkpoint(20));
    });

    test('keeps a GTID set of many thousand intervals', async () => {
      const { store, open } = await start();
      const intervals = Array.from({ length: 20_000 }, (_, i) => `${i * 10 + 1}-${i * 10 + 5}`);
      const large = checkpoint(1, `3e11fa47-71ca-11e1-9e33-c80aa9429562:${intervals.join(':')}`);
      await store.save(large);
      expect(await open().load()).toEqual(large);
    });

    test.each([
      ['nothing', ''],
      ['half of it', '{\n  "format": 1,\n  "savedAt"'],
      ['something else', '{"format":1}'],
      ['a format of tomorrow', '{"format":999}'],
    ])('refuses to go on from a damaged checkpoint: %s', async (_, text) => {
      const { harness, store, open } = await start();
      await store.save(checkpoint(1));
      await harness.damage(text);
      await expect(open().load()).rejects.toEqual(expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }));
    });

    test('may be closed twice', async () => {
      const { store } = await start();
      await store.load();
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
