import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { linesOf } from './trail.ts';

it('reads a file line by line, wherever its chunks end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-trail-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  const lines = Array.from({ length: 50_000 }, (_, i) => `${i} ${'ä€'.repeat(i % 40)}`);
  for (const text of [lines.join('\n'), `${lines.join('\n')}\n`]) {
    writeFileSync(path, text);
    expect([...linesOf(path)]).toEqual(lines);
  }
  writeFileSync(path, '');
  expect([...linesOf(path)]).toEqual([]);
});
