import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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

test('leaves one file after the first save of a new token, and takes no file of somebody else for a slot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-checkpoint-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const others = ['checkpoint.main.json', 'checkpoint.0.json', 'checkpoint.07.json', 'checkpoint.7', 'other.9.json'];
  for (const name of others) await writeFile(join(folder, name), 'x');
  await writeFile(join(folder, 'checkpoint.json'), 'damaged');
  const path = join(folder, 'checkpoint.json');
  const [first, second] = [new FileCheckpointStore({ path }), new FileCheckpointStore({ path })];
  const checkpoint: Checkpoint = {
    position: { flavour: 'mysql', serverUuid: 'u', coordinates: { file: 'b.1', offset: 4 }, gtidSet: null },
    lastVersion: 1,
    epochs: new Map(),
    savedAtMs: 0,
  };
  expect(await first.claim()).toBe(1);
  await first.save(checkpoint, 1);
  expect((await readdir(folder)).sort()).toEqual([...others, 'checkpoint.1.json'].sort());
  expect(await second.claim()).toBe(2);
  expect((await readdir(folder)).sort()).toEqual([...others, 'checkpoint.1.json', 'checkpoint.2.json'].sort());
  await second.save(checkpoint, 2);
  expect((await readdir(folder)).sort()).toEqual([...others, 'checkpoint.2.json'].sort());
});
