/** apt-get with folders of its own: it neither reads nor writes what the machine knows about its packages. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sourcesFor } from './debian-sources.ts';
import type { Packages } from './debian.ts';
import { cacheFolder, isRoot } from './folders.ts';
import { withLock } from './lock.ts';
import type { Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

const listsStayFreshMs = 60 * 60 * 1000;

/** Downloads the packages with everything they depend on into `archives`; returns the file names. */
export async function downloadPackages(wanted: Packages, archives: string, progress: Progress): Promise<string[]> {
  const { suite, entry } = await sourcesFor(wanted.suite);
  const home = join(cacheFolder(), `apt-${suite}`);
  // The lists of a suite are shared by all programs from it, so only one may update and read them at a time.
  await withLock(join(cacheFolder(), 'locks', `apt-${suite}`), async () => {
    const aptGet = await privateAptGet(home, archives, entry);
    if (!(await isFresh(join(home, 'updated')))) {
      await withProgress(progress, `${wanted.name}: reading the package list of Debian ${suite}`, () =>
        run([...aptGet, 'update']),
      );
      await writeFile(join(home, 'updated'), '');
    }
    const onOutput = (text: string): void => {
      const size = /Need to get (\S+ \S+) of archives/.exec(text)?.[1];
      if (size) progress(`${wanted.name}: downloading ${size}`);
    };
    const install = [...aptGet, '-y', 'install', '--download-only', ...wanted.packages];
    await withProgress(progress, `${wanted.name}: downloading`, () => run(install, { onOutput })).catch(
      async (error: unknown) => {
        // Most often the list names a package that the mirror no longer has: read it again next time.
        await rm(join(home, 'updated'), { force: true });
        throw error;
      },
    );
  });
  return (await readdir(archives)).filter((file) => file.endsWith('.deb'));
}

async function privateAptGet(home: string, archives: string, entry: string): Promise<string[]> {
  for (const folder of [join(home, 'lists/partial'), join(home, 'sources'), join(archives, 'partial')]) {
    await mkdir(folder, { recursive: true });
  }
  await writeFile(join(home, 'sources/suite.sources'), entry);
  // An empty status file means "nothing is installed", which makes apt-get fetch every dependency.
  await writeFile(join(home, 'status'), '');
  const settings = {
    'Dir::State': home,
    'Dir::State::lists': join(home, 'lists'),
    'Dir::State::status': join(home, 'status'),
    'Dir::Cache': home,
    'Dir::Cache::archives': archives,
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': join(home, 'sources'),
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Install-Recommends': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // As root apt-get would download as `_apt`, who may not be able to reach our folder.
    ...(isRoot ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  return ['apt-get', '-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

async function isFresh(stamp: string): Promise<boolean> {
  const updated = await stat(stamp).catch(() => undefined);
  return updated !== undefined && Date.now() - updated.mtimeMs < listsStayFreshMs;
}
