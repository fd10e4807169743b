import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FileDeadLetters } from '../../../src/transport/file-dead-letters.ts';
import { delivered, refreshOf } from '../../support/invalidations.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('dead letters in a file', () => {
  let path: string;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-dead-letters-'));
    path = join(folder, 'state', 'dead-letters.jsonl');
    return () => rm(folder, { recursive: true });
  });
  const open = (): FileDeadLetters => {
    const letters = new FileDeadLetters({ path, clock: new FakeClock(1_700_000_000_456) });
    onTestFinished(() => letters.close());
    return letters;
  };
  const letter = (place: string) => {
    const item = { kind: 'unreadable', raw: `{"half\n of ${place}`, reason: 'not JSON', place } as const;
    return { reason: 'not JSON', item, target: null };
  };
  const lines = async (): Promise<unknown[]> => {
    const text = await readFile(path, 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  };

  it('are lines of JSON that say when, why, where and what', async () => {
    const invalidation = refreshOf('card:1', 7, { id: 1 });
    const item = delivered(invalidation, 'topic/3@14');
    await open().keep([letter('topic/3@12'), { reason: 'too large', item, target: 'main' }]);
    const kept = { v: 1, kept_at: '2023-11-14T22:13:20.456Z' };
    const record = JSON.parse(encodeRecord(invalidation)) as unknown;
    expect(await lines()).toEqual([
      { ...kept, reason: 'not JSON', target: null, place: 'topic/3@12', raw: '{"half\n of topic/3@12' },
      { ...kept, reason: 'too large', target: 'main', place: 'topic/3@14', record },
    ]);
  });

  it('can be read only by their owner, as they hold row values', async () => {
    await open().keep([letter('a')]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('are added to those of earlier runs', async () => {
    const first = open();
    await first.keep([letter('a')]);
    await first.close();
    await open().keep([letter('b')]);
    expect(await lines()).toMatchObject([{ place: 'a' }, { place: 'b' }]);
  });

  it('of several partitions at once never mix', async () => {
    const letters = open();
    const places = Array.from({ length: 50 }, (_, i) => `topic/${i}@0`);
    await Promise.all(places.map((place) => letters.keep([letter(place)])));
    expect((await lines()).map((line) => (line as { place: string }).place)).toEqual(places);
  });

  it('begin on a line of their own after a crash cut the last one off', async () => {
    const letters = open();
    await letters.keep([letter('a')]);
    await letters.close();
    await truncate(path, 10);
    await open().keep([letter('b')]);
    const [cut, whole] = (await readFile(path, 'utf8')).split('\n');
    expect(cut).toHaveLength(10);
    expect(JSON.parse(whole ?? '')).toMatchObject({ place: 'b' });
  });

  it('that cannot be written are an error, and the next ones are tried anew', async () => {
    const letters = open();
    const folder = join(path, '..');
    await writeFile(folder, 'a file where the folder should be');
    await expect(letters.keep([letter('a')])).rejects.toEqual(expect.objectContaining({ code: 'DEAD_LETTER_FAILED' }));
    await rm(folder);
    await letters.keep([letter('b')]);
    expect(await lines()).toMatchObject([{ place: 'b' }]);
  });
});
