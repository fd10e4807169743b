import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCheckpointStore } from '../../../src/progress/file-checkpoint-store.ts';
import { codeOf, type Target } from '../target.ts';

/** The same texts as a file that a disk or a person has damaged. */
export async function checkpointFileTarget(texts: Target): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  const path = join(folder, 'checkpoint.json');
  const store = new FileCheckpointStore({ path });
  return {
    name: 'checkpoint file',
    share: 0.4,
    make: (random) => texts.make(random),
    run: async ([text]) => {
      await writeFile(path, text ?? '');
      try {
        await store.load();
        return 'accepted';
      } catch (error) {
        return codeOf(error);
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
