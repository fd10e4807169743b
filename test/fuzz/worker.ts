/** Runs the inputs of a plan in a thread of its own, so that whoever started it sees a hang, and outlives a crash. */
import { parentPort, workerData } from 'node:worker_threads';
import { allTargets } from './all-targets.ts';
import { minimised } from './minimise.ts';
import type { FromWorker, WorkerPlan } from './messages.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';

const { seed, inputs, only, progress } = workerData as WorkerPlan;
const shared = new Int32Array(progress);
// The client library says there what it cannot read.
console.error = console.warn = () => undefined;
const send = (message: FromWorker): void => parentPort?.postMessage(message);

for (const [number, target] of (await allTargets()).entries()) {
  const range = only === null ? { from: 0, to: Math.ceil((inputs * target.share) / 100) } : only;
  if (only === null || only.target === target.name) await runTarget(target, number, range.from, range.to);
  await target.close?.();
}
send({ kind: 'done' });

async function runTarget(target: Target, number: number, from: number, to: number): Promise<void> {
  const outcomes = new Map<string, number>();
  const startedMs = performance.now();
  let slowestMs = 0;
  let index = from;
  send({ kind: 'target', target: target.name });
  for (; index < to && Atomics.load(shared, 1) === 0; index++) {
    // The watch of the other thread: a number that stands still is a hang, and says at which input.
    Atomics.store(shared, 0, index);
    const began = performance.now();
    const input = target.make(new Random(seed, number, index));
    try {
      const result = target.run(input);
      const outcome = typeof result === 'string' ? result : await result;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      const bytes = (await minimised(target, input)).map((piece) => piece.toString('hex'));
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      send({ kind: 'finding', target: target.name, index, error: text, bytes });
      break;
    }
    slowestMs = Math.max(slowestMs, performance.now() - began);
  }
  send({
    kind: 'finished',
    target: target.name,
    inputs: index - from,
    seconds: (performance.now() - startedMs) / 1000,
    slowestMs,
    outcomes: Object.fromEntries(outcomes),
  });
}
