/**
 * One process at a time, across processes.
 *
 * `flock` of util-linux rather than a file holding a process id: the kernel lets the lock go when its holder dies,
 * however it dies, so there is no stale lock to recognise, which is where home-made locks go wrong. The lock is
 * held by a child that waits for the end of our pipe. Where `flock` does not exist (not Linux) there is nothing
 * native to install either, and the work goes on unguarded.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const release = await acquire(file);
  try {
    return await work();
  } finally {
    await release();
  }
}

function acquire(file: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const gone = new Promise<void>((done) => holder.once('close', () => done()));
    holder.once('error', () => resolve(() => Promise.resolve()));
    holder.once('close', (code) => reject(new Error(`cannot lock ${file} (flock ended with ${code})`)));
    holder.stdout.once('data', () =>
      resolve(async () => {
        holder.stdin.end();
        await gone;
      }),
    );
  });
}
