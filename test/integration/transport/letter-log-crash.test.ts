import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { FileLetterLog } from '../../../src/transport/file-letter-log.ts';

describe('the file of dead letters', () => {
  it('never loses a letter while one process keeps, another takes away, and both are killed again and again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-letters-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'dead-letters.jsonl');
    const kept = new Set<string>();
    const until = performance.now() + 12_000;
    const again = async (start: () => ChildProcess, longestMs: number): Promise<number> => {
      let kills = 0;
      for (; performance.now() < until; kills++) {
        const child = start();
        const [output] = [child.stdout];
        if (output === null) throw new Error('no output');
        // Not before it has done something: starting takes most of the time.
        await once(output, 'data');
        await new Promise((resolve) => setTimeout(resolve, Math.random() * longestMs));
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      return kills;
    };
    let number = 0;
    const [writers, removers] = await Promise.all([
      again(() => {
        const child = run('letter-writer.ts', path, `writer-${number++}`);
        let text = '';
        child.stdout?.setEncoding('utf8').on('data', (more: string) => {
          const lines = (text + more).split('\n');
          text = lines.pop() ?? '';
          for (const line of lines) kept.add(line);
        });
        return child;
      }, 400),
      again(() => run('letter-remover.ts', path), 100),
    ]);
    const found = new Set<string | undefined>();
    const { signal } = new AbortController();
    for await (const { letter } of new FileLetterLog({ path, clock: systemClock }).read(signal))
      found.add(letter?.place);
    const odd = [...kept].filter((place) => Number(place.split('@')[1]) % 2 === 1);
    process.stderr.write(`${kept.size} letters kept, ${writers} and ${removers} kills\n`);
    expect(odd.length).toBeGreaterThan(100);
    expect(odd.filter((place) => !found.has(place))).toEqual([]);
    expect([...kept].filter((place) => !odd.includes(place) && !found.has(place)).length).toBeGreaterThan(0);
  }, 60_000);
});

function run(script: string, ...args: string[]): ChildProcess {
  const file = fileURLToPath(new URL(`../../support/${script}`, import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}
