import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { AuditTrail } from '../../../src/runtime/audit-trail.ts';
import { refreshOf } from '../../support/invalidations.ts';

const encode = (invalidation: Invalidation): string => JSON.stringify(invalidation);

it('passes the row of a refresh on to whoever listens, and remembers the refresh without it', () => {
  const trail = new AuditTrail({ encode, keepRecords: 10 });
  const listening: string[] = [];
  trail.subscribe({}, (line) => listening.push(line));
  void trail.record([refreshOf('card:1', 7, { name: 'a large text' })]);
  expect(listening.join()).toContain('a large text');

  const remembered: string[] = [];
  trail.subscribe({ sinceMs: 0 }, (line) => remembered.push(line));
  expect(remembered).toHaveLength(1);
  expect(remembered.join()).not.toContain('a large text');
});

it('remembers only so many, the newest, in order', () => {
  const trail = new AuditTrail({ encode: ({ key }) => key, keepRecords: 3 });
  void trail.record(['a', 'b', 'c', 'd', 'e'].map((key) => refreshOf(key, 1, {})));
  const remembered: string[] = [];
  trail.subscribe({ sinceMs: 0 }, (line) => remembered.push(line));
  expect(remembered).toEqual(['c', 'd', 'e']);
});

it('says when the disk is behind, and until when', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // A pipe that nobody reads: the slowest disk there is.
  const path = join(folder, 'audit.jsonl');
  execFileSync('mkfifo', [path]);
  const trail = new AuditTrail({ encode, keepRecords: 1, path });
  const large = (key: string) => [refreshOf(key, 1, { name: 'x'.repeat(3 << 20) })];
  expect(trail.record(large('a'))).toBeNull();
  expect(trail.record(large('b'))).toBeNull();
  const behind = trail.record(large('c'));
  expect(behind).not.toBeNull();
  expect(trail.record(large('d'))).toBe(behind);
  let hasRoom = false;
  void behind?.then(() => (hasRoom = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(hasRoom).toBe(false);

  const reader = createReadStream(path);
  let bytes = 0;
  reader.on('data', (chunk) => (bytes += chunk.length));
  await behind;
  expect(trail.record([refreshOf('e', 1, {})])).toBeNull();
  await trail.close();
  await once(reader, 'end');
  expect(bytes).toBeGreaterThan(4 * (3 << 20));
});
