import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { DeadLetter } from '../../../src/ports.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { FileDeadLetters } from '../../../src/transport/file-dead-letters.ts';
import { FileLetterLog } from '../../../src/transport/file-letter-log.ts';
import { countId, type StoredLetter } from '../../../src/transport/letter-log.ts';

const letter = (place: string): DeadLetter => ({
  reason: 'not JSON',
  item: { kind: 'unreadable', raw: 'x', reason: 'not JSON', place },
  target: null,
});
const { signal } = new AbortController();

describe('the file of dead letters', () => {
  let path: string;
  let log: FileLetterLog;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-letters-'));
    path = join(folder, 'dead-letters.jsonl');
    log = new FileLetterLog({ path, clock: systemClock });
    return () => rm(folder, { recursive: true });
  });
  const open = (): FileDeadLetters => {
    const letters = new FileDeadLetters({ path, clock: systemClock });
    onTestFinished(() => letters.close());
    return letters;
  };
  const all = async (): Promise<StoredLetter[]> => {
    const found: StoredLetter[] = [];
    for await (const each of log.read(signal)) found.push(each);
    return found;
  };
  const places = async (): Promise<(string | undefined)[]> => (await all()).map(({ letter }) => letter?.place);
  const remove = async (...wanted: string[]) => {
    const ids = new Map<string, number>();
    for (const { id, letter } of await all()) if (wanted.includes(letter?.place ?? '')) countId(ids, id);
    return log.remove(ids, signal);
  };

  it('that does not exist holds nothing, and nothing is taken from it', async () => {
    expect(await all()).toEqual([]);
    expect(await log.remove(new Map([['a', 1]]), signal)).toEqual({ removed: 0, left: 0 });
  });

  it('loses the letters that are taken away and no other, in their order', async () => {
    await open().keep(['a', 'b', 'c', 'd'].map(letter));
    expect(await remove('b', 'd')).toEqual({ removed: 2, left: 0 });
    expect(await places()).toEqual(['a', 'c']);
    await remove('a', 'c');
    expect(await all()).toEqual([]);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('gets what a daemon keeps after others were taken away, though it had the file open', async () => {
    const letters = open();
    await letters.keep([letter('a'), letter('b')]);
    await remove('a');
    await letters.keep([letter('c')]);
    await remove('b');
    await letters.keep([letter('d')]);
    expect(await places()).toEqual(['c', 'd']);
  });

  it('shows a damaged line as damaged, and keeps it unless it is asked for', async () => {
    await open().keep([letter('a')]);
    await appendFile(path, 'half a li');
    await open().keep([letter('b')]);
    await appendFile(path, '{"v":1}\n');
    expect((await all()).map(({ damage }) => damage)).toEqual(['', 'it is not JSON', '', 'field reason is missing']);
    await remove('a');
    expect((await all()).map(({ text }) => text.slice(0, 9))).toEqual(['half a li', '{"v":1,"r', '{"v":1}']);
  });

  it('holds two letters with one text as two', async () => {
    await writeFile(path, '{"same":1}\n{"same":1}\n{"other":1}\n');
    const [{ id } = { id: '' }] = await all();
    await log.remove(new Map([[id, 1]]), signal);
    expect((await all()).map(({ text }) => text)).toEqual(['{"same":1}', '{"other":1}']);
  });
});
