import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** A file that one holder of a fencing token writes, and no other. */
export interface Slot {
  readonly token: number;
  readonly path: string;
}

/** `state/checkpoint.json`, token 7 → `state/checkpoint.7.json`. The configured name itself, without a token, counts as token 0. */
export function slotPath(configured: string, token: number): string {
  if (token === 0) return configured;
  const extension = extname(configured);
  return join(dirname(configured), `${basename(configured, extension)}.${token}${extension}`);
}

/** All there are, the newest first. */
export async function findSlots(configured: string): Promise<Slot[]> {
  const found = (await filesOf(dirname(configured))).flatMap((name): Slot[] => {
    const token = tokenOf(basename(configured), name);
    return token === null ? [] : [{ token, path: slotPath(configured, token) }];
  });
  return found.sort((a, b) => b.token - a.token);
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Null: a file of somebody else. */
function tokenOf(configured: string, name: string): number | null {
  if (name === configured) return 0;
  const extension = extname(configured);
  const stem = `${basename(configured, extension)}.`;
  if (!name.startsWith(stem) || !name.endsWith(extension)) return null;
  const digits = name.slice(stem.length, name.length - extension.length);
  const token = /^[1-9][0-9]{0,14}$/.test(digits) ? Number(digits) : 0;
  return token === 0 ? null : token;
}
