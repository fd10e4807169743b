/** Where the machine gets its own packages from, turned to the suite we want; no address is written down here. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceUnavailable } from './names.ts';

export interface SuiteSource {
  suite: string;
  /** A stanza in the form of apt's `.sources` files. */
  entry: string;
}

/** `suite` is a later suite, or nothing for the one the machine runs. */
export async function sourcesFor(suite?: string): Promise<SuiteSource> {
  const own = /^VERSION_CODENAME=(\S+)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1];
  const origin = own === undefined ? undefined : (await originsOf(own))[0];
  if (own === undefined || origin === undefined) {
    throw new ServiceUnavailable('this machine has no Debian package source for its own suite');
  }
  const wanted = suite ?? own;
  const lines = ['Types: deb', `URIs: ${origin.uri}`, `Suites: ${wanted}`, 'Components: main'];
  if (origin.signedBy) lines.push(`Signed-By: ${origin.signedBy}`);
  return { suite: wanted, entry: `${lines.join('\n')}\n` };
}

interface PackageOrigin {
  uri: string;
  signedBy: string | undefined;
}

async function originsOf(suite: string): Promise<PackageOrigin[]> {
  const parts = '/etc/apt/sources.list.d';
  const names = await readdir(parts).catch(() => []);
  const files = ['/etc/apt/sources.list', ...names.sort().map((name) => join(parts, name))];
  const found: PackageOrigin[] = [];
  for (const file of files) {
    // apt itself ignores files with any other ending, among them the ones somebody has switched off by renaming.
    const parse = file.endsWith('.sources') ? fromStanzas : file.endsWith('.list') ? fromLines : undefined;
    if (parse) found.push(...parse(await readFile(file, 'utf8').catch(() => ''), suite));
  }
  return found;
}

/** `Types: deb` … in paragraphs. */
function fromStanzas(text: string, suite: string): PackageOrigin[] {
  const paragraphs = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const field = (name: string): string[] =>
      new RegExp(`^${name}:(.*)$`, 'im').exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [];
    const uri = field('URIs')[0];
    if (!uri || !field('Types').includes('deb') || !field('Suites').includes(suite)) return [];
    return [{ uri, signedBy: field('Signed-By')[0] || undefined }];
  });
}

/** `deb [options] uri suite component…`, one a line. */
function fromLines(text: string, suite: string): PackageOrigin[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/.exec(line);
    if (!match?.[2] || match[3] !== suite) return [];
    return [{ uri: match[2], signedBy: /signed-by=(\S+)/i.exec(match[1] ?? '')?.[1] }];
  });
}
