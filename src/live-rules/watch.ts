import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Where a change of rule files shows: the folders that the configuration names, those around what it names, and those the
 * files are in, with and without symbolic links. A ConfigMap swaps a link beside the files; an editor renames over a file;
 * a file may be a link to one elsewhere. Of a pattern (`rules/*.yaml`) the files that matched stand for it.
 */
export function ruleFolders(paths: readonly string[], files: readonly string[]): string[] {
  const folders = [...paths, ...files].flatMap((path) => [dirname(path), dirname(resolved(path))]);
  return [...new Set([...folders, ...paths.filter(isFolder)])];
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
