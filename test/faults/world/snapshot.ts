/**
 * A copy of the built daemon for one run: other people's builds do not disturb it, and it can be changed to hold a bug.
 * It stands inside the checkout, so that its modules are found, where git does not look.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, stateFolder } from '../../../deploy/local/folders.ts';

export interface Snapshot {
  readonly folder: string;
  /** What SluiceProcess runs. */
  readonly main: string;
  remove(): void;
}

export function takeSnapshot(name: string, dist = join(checkout, 'dist')): Snapshot {
  const folder = join(stateFolder, 'faults', `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(dist, join(folder, 'dist'), { recursive: true });
  cpSync(join(checkout, 'package.json'), join(folder, 'package.json'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, main: join(folder, 'dist/main.js'), remove };
}
