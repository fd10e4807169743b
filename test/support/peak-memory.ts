import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import type { Shop } from './shop-fixture.ts';

/** `SLUICE_TEST_MEMORY=full` runs the sizes of the promise, which take minutes. */
export const isFullSize = process.env['SLUICE_TEST_MEMORY'] === 'full';

/** What the heap of each process may take, as docs/operations.md recommends it. */
export const HEAP_MIB = 256;

/** The most resident memory a process ever had, in MiB, as the kernel counts it. */
export function peakMiB({ pid }: SluiceProcess): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** A daemon with a small heap, ready; it is killed when the test ends. */
export async function startSmall(shop: Shop, command: string): Promise<SluiceProcess> {
  const daemon = new SluiceProcess({
    args: [command, '--config', shop.configPath],
    nodeArgs: [`--max-old-space-size=${HEAP_MIB}`],
  });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  await daemon.ready();
  return daemon;
}

/** `sluice run`, or a capture and a worker. */
export async function startMode(shop: Shop, mode: 'in-process' | 'kafka'): Promise<SluiceProcess[]> {
  if (mode === 'in-process') return [await startSmall(shop, 'run')];
  return [await startSmall(shop, 'capture'), await startSmall(shop, 'apply')];
}

/** Prints and gives the highest peak. */
export function reportPeaks(what: string, daemons: readonly SluiceProcess[]): number {
  const peaks = daemons.map(peakMiB);
  process.stderr.write(`${what}: peak resident ${peaks.map((peak) => `${peak.toFixed(0)} MiB`).join(' and ')}\n`);
  return Math.max(...peaks);
}
