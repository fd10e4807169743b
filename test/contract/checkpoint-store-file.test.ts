import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Checkpoint } from '../../src/ports.ts';
import { slotPath } from '../../src/progress/file-checkpoint-slots.ts';
import { FileCheckpointStore } from '../../src/progress/file-checkpoint-store.ts';
import { describeCheckpointStore } from './checkpoint-store.suite.ts';

describeCheckpointStore('FileCheckpointStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-checkpoint-'));
  const path = join(folder, 'state', 'checkpoint.json');
  return {
    open: () => new FileCheckpointStore({ path }),
    write: async (text, token) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(slotPath(path, token), text);
    },
    close: () => rm(folder, { recursive: true }),
  };
});

const checkpoint = (lastVersion: number): Checkpoint => ({
  position: { flavour: 'mysql', serverUuid: 'u', coordinates: { file: 'b.1', offset: 4 }, gtidSet: null },
  lastVersion,
  epochs: new Map(),
  savedAtMs: 0,
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-checkpoint-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('keeps the checkpoints of targets apart, whatever their names are', async () => {
  const folder = await newFolder();
  const names = ['main', 'main.2', 'main.json', '7'];
  const stores = names.map((name) => new FileCheckpointStore({ path: join(folder, `checkpoint.${name}.json`) }));
  for (let run = 1; run <= 2; run++) {
    for (const [i, store] of stores.entries()) await store.save(checkpoint(10 * run + i), await store.claim());
  }
  const loaded = await Promise.all(stores.map((store) => store.load()));
  expect(loaded.map((each) => each?.lastVersion)).toEqual([20, 21, 22, 23]);
});

test('does not take for damaged what it cannot read at the moment', async () => {
  const path = join(await newFolder(), 'checkpoint.json');
  const store = new FileCheckpointStore({ path });
  await mkdir(slotPath(path, 1));
  await expect(store.load()).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
  await expect(store.claim()).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
});

test('does not look for ever for what a link to nowhere promises', async () => {
  const path = join(await newFolder(), 'checkpoint.json');
  await symlink('/nowhere/checkpoint.json', path);
  const store = new FileCheckpointStore({ path });
  await expect(store.load()).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
  await expect(store.claim()).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
});

test('leaves one file after the first save of a new token, and takes no file of somebody else for a slot', async () => {
  const folder = await newFolder();
  const others = [
    'checkpoint.main.json',
    'checkpoint.20261121.json',
    'checkpoint.2.json',
    'checkpoint.2.json.token-9',
    'checkpoint.json.token-0',
    'checkpoint.json.token-07',
    'checkpoint.json.token-9.bak',
    'checkpointXjson.token-9',
    'my-checkpoint.json.token-9',
  ];
  for (const name of others) await writeFile(join(folder, name), 'x');
  await writeFile(join(folder, 'checkpoint.json'), 'damaged');
  const path = join(folder, 'checkpoint.json');
  const [first, second] = [new FileCheckpointStore({ path }), new FileCheckpointStore({ path })];
  expect(await first.claim()).toBe(1);
  await first.save(checkpoint(1), 1);
  expect((await readdir(folder)).sort()).toEqual([...others, 'checkpoint.json.token-1'].sort());
  expect(await second.claim()).toBe(2);
  expect((await readdir(folder)).sort()).toEqual(
    [...others, 'checkpoint.json.token-1', 'checkpoint.json.token-2'].sort(),
  );
  await second.save(checkpoint(1), 2);
  expect((await readdir(folder)).sort()).toEqual([...others, 'checkpoint.json.token-2'].sort());
});
