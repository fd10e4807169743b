import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { registerDeadLetters } from '../../../src/cli/dead-letters.ts';
import type { DeadLetter } from '../../../src/ports.ts';
import { encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { deleteOf, delivered, ORIGIN, refreshOf } from '../../support/invalidations.ts';
import { runCommand, type CommandResult } from '../../support/command-line.ts';

const REFUSED = 'READ_REFUSED: no table';
const LETTERS: readonly DeadLetter[] = [
  { reason: REFUSED, item: delivered(refreshOf('card:1', 7, { id: 1 })), target: 'main' },
  { reason: REFUSED, item: delivered(deleteOf('product:2', 8)), target: 'main' },
  {
    reason: 'not JSON',
    item: { kind: 'unreadable', raw: '{"half', reason: 'not JSON', place: 'binlog.1:4' },
    target: null,
  },
  {
    reason: 'RULE_TOO_MANY_KEYS: 101 keys',
    item: {
      kind: 'unmapped',
      rule: 'tags',
      origin: ORIGIN,
      version: 9,
      before: null,
      after: { id: 1 },
      place: 'binlog.1:9',
    },
    target: null,
  },
];

describe('sluice dead-letters', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
    writeFileSync(
      join(folder, 'sluice.yaml'),
      JSON.stringify({
        rules: 'rules.yaml',
        source: { url: 'mysql://root@127.0.0.1:1' },
        targets: [{ name: 'main', url: 'redis://127.0.0.1:1' }],
        dead_letters: { path: 'letters.jsonl' },
      }),
    );
    const rule = { table: 'shop.products', keys: ['product:{id}'], action: 'delete' };
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ rules: [{ name: 'product', ...rule }] }));
    const lines = LETTERS.map((letter, index) => encodeDeadLetter(letter, 1_700_000_000_000 + index * 60_000));
    writeFileSync(join(folder, 'letters.jsonl'), [...lines, 'half a li'].join('\n'));
    return () => rmSync(folder, { recursive: true });
  });
  const run = (command: string, ...args: string[]): Promise<CommandResult> =>
    runCommand(registerDeadLetters, 'dead-letters', command, '--config', join(folder, 'sluice.yaml'), ...args);
  const listed = async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await run('list', '--json', ...args);
    return stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('list shows what, when and why, and sums the reasons up', async () => {
    const { code, stdout } = await run('list');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /^2023-11-14T22:13:20\.000Z {2}[0-9a-f]{16} {2}record {2}card:1 {2}rule card {2}target main {2}at topic\/0@7 {2}READ_REFUSED: no table$/,
    );
    expect(lines[3]).toContain('change  update shop.products {"id":1}  rule tags');
    expect(lines[4]).toMatch(/^[0-9a-f]{16} {2}damaged \(it is not JSON\) {2}half a li$/);
    expect(stdout).toMatch(/5 dead letters in .*letters\.jsonl:\n +2 {2}READ_REFUSED: no table\n/);
  });

  it('list finds by rule, key, time and number', async () => {
    expect(await listed('--rule', 'tags')).toMatchObject([{ letter: { change: { rule: 'tags' } } }]);
    expect(await listed('--key', 'product:*')).toMatchObject([{ letter: { record: { key: 'product:2' } } }]);
    expect(await listed('--since', '2023-11-14T22:15:00Z')).toHaveLength(2);
    expect(await listed('--limit', '1')).toMatchObject([{ damaged: 'it is not JSON', text: 'half a li' }]);
    expect((await run('list', '--rule', 'nobody')).stdout).toContain('no such dead letters');
  });

  it('replay --dry-run says what each letter means today, and what cannot be replayed', async () => {
    const { code, stdout } = await run('replay', '--dry-run');
    expect(code).toBe(1);
    // Its row is of then: only the key is certain.
    expect(stdout).toMatch(/delete card:1$/m);
    expect(stdout).toMatch(/delete product:2$/m);
    expect(stdout).toMatch(/not replayed {2}it still cannot be read: the value is not JSON/);
    expect(stdout).toMatch(/not replayed {2}there is no rule `tags` any more/);
    expect(stdout).toMatch(/not replayed {2}the letter is damaged: it is not JSON/);
    expect(stdout).toContain('2 could be replayed, 3 could not');
  });

  it('purge takes away up to a time, up to a letter, or all, and nothing by mistake', async () => {
    expect((await run('purge')).code).toBe(2);
    expect((await run('purge', '--all')).stderr).toContain('Add --yes');
    expect((await run('purge', '--up-to', 'nobody')).code).toBe(2);
    expect(await listed()).toHaveLength(5);
    expect((await run('purge', '--before', '2023-11-14T22:13:30Z')).stdout).toMatch(/^1 dead letter taken away/);
    const [first] = await listed();
    expect(first).toMatchObject({ letter: { record: { key: 'product:2' } } });
    expect((await run('purge', '--up-to', String(first?.['id']))).stdout).toMatch(/^1 dead letter /);
    expect(await listed()).toHaveLength(3);
    expect((await run('purge', '--all', '--yes')).stdout).toMatch(/^3 dead letters /);
    expect(await listed()).toEqual([]);
  });
});
