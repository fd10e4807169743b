import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';

const RULES = "rules:\n  - {name: product, table: shop.products, keys: ['product:{id}'], action: delete}\n";
const TEST =
  "tests:\n  - {name: deleted, change: {table: shop.products, delete: {id: 7}}, expect: [{delete: 'product:7'}]}\n";

it('sluice test --watch runs again when rules or tests change, survives wrong files, and ends by its signal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('r.yaml', RULES);
  write('r.test.yaml', TEST);
  const watching = new SluiceProcess({ args: ['test', folder, '--watch'] });
  onTestFinished(async () => void (await watching.stop('SIGKILL')));
  const runs = (): number => watching.stderr.split('watching for changes').length - 1;
  const run = (count: number) => vi.waitFor(() => expect(runs()).toBe(count), { timeout: 20_000 });

  await run(1);
  expect(watching.stdout).toContain('1 passed, 0 failed');
  write('r.yaml', RULES.replace('product:', 'p:'));
  await run(2);
  expect(watching.stdout).toContain('0 passed, 1 failed');
  write('r.test.yaml', 'tests: []\n');
  await run(3);
  expect(watching.stderr).toContain('r.test.yaml:1:8: `tests`: has no test');
  write('r.yaml', RULES);
  write('r.test.yaml', TEST + TEST.slice('tests:\n'.length).replace('deleted', 'again'));
  await vi.waitFor(() => expect(watching.stdout).toContain('2 passed, 0 failed'), { timeout: 20_000 });
  expect(await watching.stop('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
});
