/** Composition root 3: both halves in one process, a complete pipeline for each target (ADR 1). */
import type { Daemon, Runtime } from './daemon.ts';
import { createAudit, createCache, createReader, createWorker } from './apply.ts';
import { createActiveCapture, type ActiveCapture } from './capture/active.ts';
import { captureTask, createLookup, localCheckpointStore, serverIdOf } from './capture.ts';
import { RedisStartTrace } from './cache/redis-start-trace.ts';
import type { DeadLetters, RowLookup, RowReader } from './ports.ts';
import { BrokenRules } from './rules/evaluate/broken-rules.ts';
import { FencedCache } from './progress/fenced-cache.ts';
import { assertHeld } from './progress/lease-guard.ts';
import { underLease } from './progress/under-lease.ts';
import type { AuditTrail } from './runtime/audit-trail.ts';
import type { TargetConfig } from './runtime/config/config.ts';
import type { Task } from './runtime/supervise.ts';
import { FileDeadLetters } from './transport/file-dead-letters.ts';
import { InProcessQueue } from './transport/in-process-queue.ts';

export function createRun(runtime: Runtime): Daemon {
  const { config } = runtime;
  if (config.deadLetters.kind !== 'file') throw new Error('the in-process transport keeps dead letters in a file');
  const active = createActiveCapture(runtime);
  const shared = {
    active,
    audit: createAudit(runtime),
    reader: createReader(runtime),
    lookup: createLookup(runtime),
    brokenRules: new BrokenRules(runtime.metrics),
    deadLetters: new FileDeadLetters({ path: config.deadLetters.path, clock: runtime.clock }),
  };
  const tasks = config.targets.map((target, index) => pipelineTask(runtime, { target, index }, shared));
  return {
    lease: active.lease,
    audit: shared.audit,
    links: config.targets.flatMap(({ name }) => [
      { gauge: 'sluice_source_connected', labels: { pipeline: pipelineOf(runtime, name) } } as const,
      { gauge: 'sluice_gap_flush_pending', labels: { pipeline: pipelineOf(runtime, name) } } as const,
      { gauge: 'sluice_target_available', labels: { target: name } } as const,
    ]),
    notReady: () => shared.brokenRules.reasons(),
    run: async (signal) => {
      try {
        await underLease(active.lease, tasks, signal);
      } finally {
        await Promise.all([shared.reader.close(), shared.lookup.close(), shared.deadLetters.close()]);
        // Last: whoever is next begins at once.
        await active.lease.close();
      }
    },
  };
}

/** The pipeline of a target: its name in logs and metrics, and what its server id is derived from. */
export function pipelineOf({ config }: Pick<Runtime, 'config'>, target: string): string {
  return `${config.name}.${target}`;
}

function pipelineTask(
  runtime: Runtime,
  { target, index }: { target: TargetConfig; index: number },
  shared: {
    active: ActiveCapture;
    audit: AuditTrail;
    reader: RowReader;
    lookup: RowLookup;
    deadLetters: DeadLetters;
    brokenRules: BrokenRules;
  },
): Task {
  const { config, metrics } = runtime;
  if (config.transport.kind !== 'in_process' || config.checkpoint.store === 'kafka') {
    throw new Error('`sluice run` uses the in-process transport; use `sluice capture` and `sluice apply` for Kafka');
  }
  const pipeline = pipelineOf(runtime, target.name);
  const queue = new InProcessQueue({
    partitions: config.transport.partitions,
    drainTimeoutMs: 0,
  });
  metrics.onScrape(() => metrics.set('sluice_queue_depth_records', { pipeline }, queue.depth()));
  const { lease } = shared.active;
  const cache = new FencedCache(
    createCache(runtime, target, () => assertHeld(lease)),
    lease,
  );
  const store = shared.active.claimed(localCheckpointStore(config.checkpoint, target.name));
  const trace = new RedisStartTrace({ ...target, pipeline });
  const worker = createWorker(runtime, { ...shared, cache });
  const capture = captureTask(runtime, {
    pipeline,
    serverId: serverIdOf(runtime, pipeline, index),
    publisher: queue,
    store,
    trace,
    deadLetters: shared.deadLetters,
    lookup: shared.lookup,
    brokenRules: shared.brokenRules,
    lease,
  });

  return async (signal) => {
    const applying = new AbortController();
    // A handler that fails makes its publish fail, which stops capture with that error: nothing to report twice.
    const consuming = queue.run(worker.handle, applying.signal).catch(() => undefined);
    try {
      await worker.untilAvailable(signal);
      await capture(signal);
    } finally {
      // Last: capture's own drain has waited for what is in the queue.
      applying.abort(new Error('the pipeline stops'));
      await consuming;
      await Promise.all([cache.close(), store.close(), trace.close()]);
    }
  };
}
