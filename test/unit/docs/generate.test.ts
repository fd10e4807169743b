import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { generatedFiles } from '../../../docs/generators/files.ts';
import { staleFiles, writeFiles } from '../../../docs/generators/output.ts';
import { listOptions } from '../../../src/runtime/config/options.ts';
import { ERRORS } from '../../../src/runtime/errors.ts';
import { METRICS } from '../../../src/runtime/metrics.ts';

const root = new URL('../../../', import.meta.url);
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function emptyFolder(): Promise<URL> {
  const folder = await mkdtemp(`${tmpdir()}/sluice-docs-`);
  folders.push(folder);
  return pathToFileURL(`${folder}/`);
}

describe('the generated documentation', () => {
  it('says what the code says; if not, run `npm run docs`', async () => {
    expect(await staleFiles(root, generatedFiles)).toEqual([]);
  });

  it('counts as stale when it is missing or was edited', async () => {
    const folder = await emptyFolder();
    expect(await staleFiles(folder, generatedFiles)).toHaveLength(generatedFiles.length);
    await writeFiles(folder, generatedFiles);
    expect(await staleFiles(folder, generatedFiles)).toEqual([]);
    await writeFile(new URL('docs/errors.md', folder), 'edited');
    expect(await staleFiles(folder, generatedFiles)).toEqual(['docs/errors.md']);
  });

  it('names every option, error and metric', async () => {
    const page = (file: string) => readFile(new URL(file, root), 'utf8');
    const configuration = await page('docs/configuration.md');
    for (const { env } of listOptions()) expect(configuration).toContain(`\`${env}\``);
    const errors = await page('docs/errors.md');
    for (const code of Object.keys(ERRORS)) expect(errors).toContain(`\`${code}\``);
    const metrics = await page('docs/metrics.md');
    for (const name of Object.keys(METRICS)) expect(metrics).toContain(`\`${name}\``);
  });
});
