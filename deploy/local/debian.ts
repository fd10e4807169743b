/**
 * Programs from Debian packages, without installing them: download with the machine's own apt-get, unpack every
 * package with its dependencies (the C library too) into one folder, run with that folder's own loader. The machine
 * is not changed, nothing needs root, and a program of a later suite runs on an earlier one.
 */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { downloadPackages } from './debian-apt.ts';
import { ServiceUnavailable, type Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run, ToolFailed } from './run.ts';

export interface Program {
  folder: string;
  /** The version of the first package. */
  version: string;
  /** The command that runs one of the folder's programs, given as a path such as `usr/bin/kcat`. */
  command(path: string): string[];
}

export interface Packages {
  /** Also the name of its folder in the cache. */
  name: string;
  /** A later suite, or nothing for the one the machine runs. */
  suite?: string;
  packages: readonly [string, ...string[]];
}

export async function debianProgram(wanted: Packages, progress: Progress): Promise<Program> {
  try {
    if (process.platform !== 'linux') throw new ServiceUnavailable(`this is ${process.platform}`);
    const folder = await cached(`${wanted.name}-program`, (unfinished) => install(wanted, unfinished, progress));
    const version = (await readFile(join(folder, 'VERSION'), 'utf8')).trim();
    return { folder, version, command: (path) => [...loader(folder), join(folder, path)] };
  } catch (error) {
    const missing = error instanceof ServiceUnavailable || (error instanceof ToolFailed && error.missing);
    if (!missing) throw error;
    throw new ServiceUnavailable(`${error.message}, and packages can be unpacked only on Debian`);
  }
}

async function install(wanted: Packages, folder: string, progress: Progress): Promise<void> {
  const archives = join(folder, 'archives');
  const files = await downloadPackages(wanted, archives, progress);
  await withProgress(progress, `${wanted.name}: unpacking ${files.length} packages`, async () => {
    // One at a time: two packages may ship the same directory, and tar does not expect it to appear under its hands.
    for (const file of files) await run(['dpkg-deb', '-x', join(archives, file), folder]);
  });
  const main = files.find((file) => file.startsWith(`${wanted.packages[0]}_`)) ?? '';
  await writeFile(join(folder, 'VERSION'), decodeURIComponent(main.split('_')[1] ?? 'unknown'));
  await rm(archives, { recursive: true });
  await dropLoaderLinks(folder);
}

/** Debian's links to the loader are absolute, so here they would lead out of the folder, to the machine's loader. */
async function dropLoaderLinks(folder: string): Promise<void> {
  for (const path of ['lib64', 'usr/lib64']) await rm(join(folder, path), { recursive: true, force: true });
}

const architectures: Partial<Record<string, { triplet: string; loader: string }>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/**
 * The folder's own loader with its own libraries. Naming the loader explicitly is needed because the path of the
 * loader inside a program is absolute: started directly it would get the machine's older C library.
 */
function loader(folder: string): string[] {
  const here = architectures[process.arch];
  if (!here) throw new ServiceUnavailable(`no native services for the processor ${process.arch}`);
  const libraries = ['lib', 'usr/lib'].map((path) => join(folder, path, here.triplet));
  // Up to Debian 12 the C library is packaged under /lib, later under /usr/lib.
  const home = libraries.find((path) => existsSync(join(path, here.loader)));
  if (!home) throw new Error(`no ${here.loader} below ${folder}; remove that folder and try again`);
  return [join(home, here.loader), '--library-path', libraries.join(':')];
}
