import { METRICS } from '../../src/runtime/metrics.ts';
import { GENERATED, table } from './markdown.ts';

interface Metric {
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

export function metricsPage(): string {
  const metrics = Object.entries<Metric>(METRICS);
  const rows = metrics.map(([name, { type, help, labels }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', ') || 'none',
    help,
  ]);
  const buckets = metrics.flatMap(([name, { buckets }]) =>
    buckets === undefined ? [] : [[`\`${name}\``, buckets.join(', ')]],
  );
  return `${GENERATED}

# Metrics

\`GET /metrics\` on the admin server, in the Prometheus text format.

${table(['Metric', 'Type', 'Labels', 'Meaning'], rows)}

## Buckets of the histograms, in seconds

${table(['Metric', 'Upper bounds'], buckets)}
`;
}
