/**
 * Writes the documentation that is derived from code: `npm run docs`. With `--check` nothing is written; a file that
 * differs from what the code says is named, and the exit code is 1 (`npm run docs:check`, part of `npm run check`).
 */
import { pathToFileURL } from 'node:url';
import { generatedFiles } from './generators/files.ts';
import { staleFiles, writeFiles } from './generators/output.ts';

const root = new URL('../', import.meta.url);

async function main(check: boolean): Promise<void> {
  if (!check) {
    for (const file of await writeFiles(root, generatedFiles)) console.log(`wrote ${file}`);
    return;
  }
  const stale = await staleFiles(root, generatedFiles);
  for (const file of stale) console.error(`${file} differs from the code: run \`npm run docs\``);
  if (stale.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.includes('--check'));
