import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCheckpointStore } from '../../src/progress/file-checkpoint-store.ts';
import { describeCheckpointStore } from './checkpoint-store.suite.ts';

describeCheckpointStore('FileCheckpointStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-checkpoint-'));
  const path = join(folder, 'state', 'checkpoint.json');
  return {
    open: () => new FileCheckpointStore({ path }),
    damage: (text) => writeFile(path, text),
    close: () => rm(folder, { recursive: true }),
  };
});
