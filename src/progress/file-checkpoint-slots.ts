import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that one holder of a fencing token writes, and no other. */
export interface Slot {
  readonly token: number;
  readonly path: string;
}

/** What follows the whole configured name: anything shorter could be the checkpoint of another target, or somebody's copy. */
const SUFFIX = /^\.token-([1-9][0-9]{0,14})$/;

/** `state/checkpoint.json`, token 7 → `state/checkpoint.json.token-7`. The configured name itself counts as token 0. */
export function slotPath(configured: string, token: number): string {
  return token === 0 ? configured : `${configured}.token-${token}`;
}

/** All there are, the newest first. */
export async function findSlots(configured: string): Promise<Slot[]> {
  const found = (await filesOf(dirname(configured))).flatMap((name): Slot[] => {
    const token = tokenOf(basename(configured), name);
    return token === null ? [] : [{ token, path: join(dirname(configured), name) }];
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
  const [, digits] = (name.startsWith(configured) && SUFFIX.exec(name.slice(configured.length))) || [];
  return digits === undefined ? null : Number(digits);
}
