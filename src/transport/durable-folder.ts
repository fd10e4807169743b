import { open } from 'node:fs/promises';

/** Without this a power cut may forget that a file was made, renamed or removed, although its content is safe. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
