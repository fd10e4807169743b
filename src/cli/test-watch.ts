import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FileWatch } from '../runtime/file-watch.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';

const SETTLE_MS = 100;
const POLL_MS = 2_000;

/** Runs now and after every change of a file, one run at a time, until a signal comes. */
export async function watchTests(files: () => readonly string[], run: () => Promise<unknown>): Promise<void> {
  const stop = catchStopSignals(() => undefined);
  const fingerprint = (): string => fingerprintOf(files());
  let changed: (() => void) | null = null;
  let pending = false;
  const watch = new FileWatch({
    fingerprint,
    folders: () => [...new Set(files().map((file) => dirname(file)))],
    baseline: fingerprint(),
    onChange: () => {
      pending = true;
      changed?.();
    },
    settleMs: SETTLE_MS,
    pollMs: POLL_MS,
  });
  watch.start();
  // The watch alone would let the process end.
  const alive = setInterval(() => undefined, 60_000);
  stop.signal.addEventListener('abort', () => changed?.(), { once: true });
  while (!stop.signal.aborted) {
    pending = false;
    await run();
    console.error('watching for changes; Ctrl-C ends');
    await new Promise<void>((resolve) => {
      changed = resolve;
      if (pending || stop.signal.aborted) resolve();
    });
  }
  clearInterval(alive);
  watch.close();
  stop.raiseAgain();
}

function fingerprintOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\u0000${contentOf(file)}\u0000`);
  return hash.digest('hex');
}

/** That a file cannot be read is a state as well. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
