import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';

export interface GeneratedFile {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly render: () => string;
}

/** Formatted as Prettier would, because `npm run format:check` looks at generated files too. */
export async function renderFile(root: URL, { file, render }: GeneratedFile): Promise<string> {
  const filepath = fileURLToPath(new URL(file, root));
  return format(render(), { ...(await resolveConfig(filepath)), filepath });
}

export async function writeFiles(root: URL, files: readonly GeneratedFile[]): Promise<string[]> {
  for (const each of files) {
    const target = new URL(each.file, root);
    await mkdir(new URL('.', target), { recursive: true });
    await writeFile(target, await renderFile(root, each));
  }
  return files.map(({ file }) => file);
}

/** The files that are missing or not what the code says now. */
export async function staleFiles(root: URL, files: readonly GeneratedFile[]): Promise<string[]> {
  const stale: string[] = [];
  for (const each of files) {
    const there = await readFile(new URL(each.file, root), 'utf8').catch(() => undefined);
    if (there !== (await renderFile(root, each))) stale.push(each.file);
  }
  return stale;
}
