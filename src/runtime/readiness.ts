import type { Metrics } from './metrics.ts';

/** A gauge that is 1 while a link works (of a gap: while it is not bridged), and what to say while it is not. */
export type Link =
  | { readonly gauge: 'sluice_source_connected'; readonly labels: { readonly pipeline: string } }
  | { readonly gauge: 'sluice_gap_flush_pending'; readonly labels: { readonly pipeline: string } }
  | { readonly gauge: 'sluice_target_available'; readonly labels: { readonly target: string } }
  | { readonly gauge: 'sluice_kafka_available'; readonly labels: { readonly link: string } };

/** Every reason why the process is not ready. The gauges are the only truth, so `/readyz` and the alerts agree. */
export async function notReadyReasons(metrics: Metrics, links: readonly Link[]): Promise<string[]> {
  const reasons = await Promise.all(links.map(async (link) => ((await isUp(metrics, link)) ? [] : [reasonOf(link)])));
  return reasons.flat();
}

async function isUp(metrics: Metrics, link: Link): Promise<boolean> {
  switch (link.gauge) {
    case 'sluice_source_connected':
      return (await metrics.value(link.gauge, link.labels)) === 1;
    case 'sluice_gap_flush_pending':
      return (await metrics.value(link.gauge, link.labels)) !== 1;
    case 'sluice_target_available':
      return (await metrics.value(link.gauge, link.labels)) === 1;
    case 'sluice_kafka_available':
      return (await metrics.value(link.gauge, link.labels)) === 1;
  }
}

function reasonOf(link: Link): string {
  switch (link.gauge) {
    case 'sluice_source_connected':
      return `${link.labels.pipeline}: the source is not connected`;
    case 'sluice_gap_flush_pending':
      return `${link.labels.pipeline}: changes were missed, and the flush of what the rules own is not finished`;
    case 'sluice_target_available':
      return `${link.labels.target}: the target does not answer`;
    case 'sluice_kafka_available':
      return `${link.labels.link}: Kafka does not answer`;
  }
}
