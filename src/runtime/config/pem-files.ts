import { formatPath, type Path } from './path.ts';

/** Reads every certificate and key that a `tls` section names, also beside other mistakes, so that all are told at once. */
export function readPemFiles(
  written: unknown,
  readFile: (path: string) => string,
  report: (path: Path, message: string, remedy: string) => void,
): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (const [path, file] of pemPaths(written, [])) {
    try {
      contents.set(formatPath(path), readFile(file));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      report(path, `the file of \`${formatPath(path)}\` cannot be read (${code})`, 'Mend its name or its permissions.');
    }
  }
  return contents;
}

const NAMES = ['ca', 'cert', 'key'];

function pemPaths(value: unknown, path: Path): [Path, string][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => pemPaths(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]): [Path, string][] => {
    const here = [...path, name];
    if (path.at(-1) !== 'tls' || !NAMES.includes(name)) return pemPaths(item, here);
    return typeof item === 'string' && item !== '' ? [[here, item]] : [];
  });
}
