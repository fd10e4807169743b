import type { Metrics } from './metrics.ts';

/** A gauge that is 1 while a link works, and what to say while it is not. */
export type Link =
  | { readonly gauge: 'sluice_source_connected'; readonly labels: { readonly pipeline: string } }
  | { readonly gauge: 'sluice_target_available'; readonly labels: { readonly target: string } };

/** Every reason why the process is not ready. The gauges are the only truth, so `/readyz` and the alerts agree. */
export async function notReadyReasons(metrics: Metrics, links: readonly Link[]): Promise<string[]> {
  const reasons = await Promise.all(
    links.map(async (link) => {
      if (link.gauge === 'sluice_source_connected') {
        const connected = await metrics.value(link.gauge, link.labels);
        return connected === 1 ? [] : [`${link.labels.pipeline}: the source is not connected`];
      }
      const available = await metrics.value(link.gauge, link.labels);
      return available === 1 ? [] : [`${link.labels.target}: the target does not answer`];
    }),
  );
  return reasons.flat();
}
