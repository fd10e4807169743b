/** Things that are expensive to make and never change: made once, into the cache folder, whole or not at all. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './folders.ts';
import { withLock } from './lock.ts';

/** Returns the folder `name` of the cache, calling `build` with an empty folder if it is not there yet. */
export async function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (await exists(folder)) return folder;
  await withLock(join(cacheFolder(), 'locks', name), async () => {
    // Somebody else may have built it while we waited for the lock.
    if (await exists(folder)) return;
    await removeUnfinished(name);
    const unfinished = join(cacheFolder(), `unfinished-${name}-${process.pid}`);
    await mkdir(unfinished, { recursive: true });
    try {
      await build(unfinished);
      // The rename is what makes it exist: a build that was killed half-way is never mistaken for a finished one.
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  });
  return folder;
}

/** Under the lock nobody else builds this name, so what a killed build left behind can go. */
async function removeUnfinished(name: string): Promise<void> {
  for (const entry of await readdir(cacheFolder())) {
    if (!entry.startsWith(`unfinished-${name}-`)) continue;
    await rm(join(cacheFolder(), entry), { recursive: true, force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
