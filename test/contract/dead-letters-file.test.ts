import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileDeadLetters } from '../../src/transport/file-dead-letters.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { describeDeadLetters, type KeptLetter } from './dead-letters.suite.ts';

describeDeadLetters('FileDeadLetters', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-dead-letters-'));
  const path = join(folder, 'dead-letters.jsonl');
  return {
    open: () => new FileDeadLetters({ path, clock: new FakeClock() }),
    kept: async () => {
      const text = await readFile(path, 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as KeptLetter);
    },
    close: () => rm(folder, { recursive: true }),
  };
});
