/** What the log and the metrics say when a target had forgotten acknowledged writes (ADR 19). */
import type { HistoryEvent } from './cache/history-repair.ts';
import type { Runtime } from './daemon.ts';

export function tellRepairs({ logger, metrics }: Runtime, target: string): (event: HistoryEvent) => void {
  const log = logger.child({ component: 'cache', target });
  // Series that are there from the start make the first event visible as an increase.
  for (const by of ['repeated', 'flushed']) metrics.count('sluice_target_repairs_total', { target, by }, 0);
  metrics.set('sluice_target_repair_pending', { target }, 0);
  return (event) => {
    if (event.kind === 'lost') {
      metrics.set('sluice_target_repair_pending', { target }, 1);
      log.warn({ reason: event.reason }, 'the target may have forgotten invalidations, doing them again');
    } else if (event.kind === 'failed') {
      log.warn({ reason: event.reason }, 'doing invalidations again failed, trying until it succeeds');
    } else {
      const { by, keys } = event;
      metrics.set('sluice_target_repair_pending', { target }, 0);
      metrics.count('sluice_target_repairs_total', { target, by });
      log.info({ by, keys }, 'what the target may have forgotten is done again');
    }
  };
}
