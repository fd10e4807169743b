/** Tells somebody who waits that work goes on, and how long it has been going on. */
import type { Progress } from './names.ts';

export async function withProgress<T>(progress: Progress, what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  progress(`${what} …`);
  const ticker = setInterval(() => progress(`${what} … ${seconds()}`), 5_000);
  ticker.unref();
  try {
    const result = await work();
    progress(`${what}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}
