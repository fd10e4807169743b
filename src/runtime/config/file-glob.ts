import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { matchesGlob } from '../glob.ts';

/** Deeper than any rules lie; a walk of a whole disk ends here too. */
const MAX_DEPTH = 20;

export const isGlob = (path: string): boolean => /[*?]/.test(path);

/**
 * Files that fit a glob, in the order of their paths: `*` and `?` within a name, `**` for any number of directories. Names that
 * begin with a dot only fit where the glob has the dot. A directory that cannot be read has no files.
 */
export function filesMatching(glob: string): string[] {
  const parts = glob.split('/').filter((part, index) => part !== '' || index === 0);
  const start = glob.startsWith('/') ? '/' : '.';
  return [...new Set(walk(start, start === '/' ? parts.slice(1) : parts, 0))].sort();
}

function walk(directory: string, [part, ...rest]: readonly string[], depth: number): string[] {
  if (part === undefined || depth > MAX_DEPTH) return [];
  if (part === '**') {
    // No links: one that leads back up would never end.
    const below = entries(directory).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return [
      ...walk(directory, rest, depth),
      ...below.flatMap(({ name }) => walk(join(directory, name), [part, ...rest], depth + 1)),
    ];
  }
  const names = isGlob(part)
    ? entries(directory)
        .map(({ name }) => name)
        .filter((name) => matchesGlob(part, name) && name.startsWith('.') === part.startsWith('.'))
    : [part];
  const paths = names.map((name) => join(directory, name));
  if (rest.length > 0) return paths.flatMap((path) => (isDirectory(path) ? walk(path, rest, depth + 1) : []));
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function entries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
