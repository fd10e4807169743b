import { Worker } from 'node:worker_threads';
import type { Finding, FromWorker, TargetReport, WorkerPlan } from './messages.ts';

/** Longer than any input needs, on a machine that is busy with other things. */
const HANG_MS = 20_000;
/** Until the code of all targets is loaded, which is no input. */
const START = 'the start';
const START_MS = 300_000;
const HEAP_MB = 256;
/** A thread begins without the loader that its process was started with. */
const BOOT = `import('tsx/esm/api').then(({ register }) => { register(); return import('${new URL('./worker.ts', import.meta.url).href}'); })`;

export interface FuzzOptions extends Omit<WorkerPlan, 'progress'> {
  readonly minutes: number;
}

export interface FuzzReport {
  readonly targets: readonly TargetReport[];
  readonly findings: readonly Finding[];
  readonly peakRssMb: number;
  readonly seconds: number;
}

/** Mutated inputs against everything that reads bytes of others. Findings are crashes, hangs, too much memory, errors without a code. */
export async function runFuzz({ minutes, ...plan }: FuzzOptions): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(8);
  const shared = new Int32Array(progress);
  const targets: TargetReport[] = [];
  const findings: Finding[] = [];
  const began = performance.now();
  let target = START;
  let [lastInput, lastMoveMs, peakRss] = [-1, began, 0];
  const worker = new Worker(BOOT, {
    eval: true,
    workerData: { ...plan, progress } satisfies WorkerPlan,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const found = (error: string): void => void findings.push({ target, index: shared[0] ?? 0, error, bytes: [] });
  const watch = setInterval(() => {
    const now = performance.now();
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
    if (now - began > minutes * 60_000) Atomics.store(shared, 1, 1);
    const input = Atomics.load(shared, 0);
    if (input !== lastInput) [lastInput, lastMoveMs] = [input, now];
    const limitMs = target === START ? START_MS : HANG_MS;
    if (now - lastMoveMs < limitMs) return;
    found(`hang: this input runs for more than ${limitMs / 1000} s`);
    clearInterval(watch);
    void worker.terminate();
  }, 100);
  try {
    await new Promise<void>((resolve) => {
      worker.on('message', (message: FromWorker) => {
        // A new target begins to count anew, and has its own time to start.
        lastInput = -1;
        if (message.kind === 'target') target = message.target;
        else if (message.kind === 'finding') findings.push(message);
        else if (message.kind === 'finished') targets.push(message);
      });
      // Also a heap that is full.
      worker.on('error', (error) =>
        found(`crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
      );
      worker.on('exit', () => resolve());
    });
  } finally {
    clearInterval(watch);
  }
  return { targets, findings, peakRssMb: Math.round(peakRss / 2 ** 20), seconds: (performance.now() - began) / 1000 };
}

/** For a person, with the command that shows a finding again. */
export function formatReport({ targets, findings, peakRssMb, seconds }: FuzzReport, seed: number): string {
  const total = targets.reduce((sum, { inputs }) => sum + inputs, 0);
  const lines = targets.map(({ target, inputs, seconds: took, slowestMs, outcomes }) => {
    const counts = Object.entries(outcomes).sort((a, b) => b[1] - a[1]);
    const shown = counts.map(([outcome, count]) => `${outcome} ${count}`).join(', ');
    return `  ${target}: ${inputs} inputs in ${took.toFixed(1)} s, slowest ${slowestMs.toFixed(1)} ms (${shown})`;
  });
  const wrong = findings.flatMap(({ target, index, error, bytes }) => [
    `FOUND in ${target}: ${error}`,
    `  again: npm run test:fuzz -- --seed ${seed} --only '${target}:${index}'`,
    ...bytes.map((piece) => `  ${piece}`),
  ]);
  const sum = `${total} inputs in ${seconds.toFixed(1)} s with seed ${seed}: ${findings.length} findings, peak ${peakRssMb} MB resident`;
  return [...lines, ...wrong, sum].join('\n');
}
