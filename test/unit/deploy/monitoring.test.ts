import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../../../src/runtime/metrics.ts';
import { read } from './files.ts';

interface Kind {
  readonly type: string;
  readonly labels: readonly string[];
}
const metrics: Readonly<Record<string, Kind>> = METRICS;

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const dashboard = JSON.parse(read('deploy/grafana/sluice.json')) as { readonly panels: readonly Panel[] };

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const alerts = (parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Alert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const alertTests = read('deploy/prometheus/alerts.test.yaml');

const namesIn = (text: string): string[] => text.match(/\bsluice_\w+/g) ?? [];

/** A histogram is read by its parts; everything else by its own name. */
function metricOf(name: string): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return metrics[base]?.type === 'histogram' ? base : name;
}

/** What Prometheus adds to every series, and to the buckets of a histogram. */
const ADDED = ['job', 'instance', 'le', 'alertname'];

function labelsIn(expression: string): string[] {
  const matched = [...expression.matchAll(/[{,]\s*(\w+)\s*=~?"/g)].map(([, label]) => label ?? '');
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? '').split(/\s*,\s*/));
  const shown = [...expression.matchAll(/\{\{\s*\$?(?:labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label ?? '');
  return [...matched, ...grouped, ...shown].filter((label) => !ADDED.includes(label));
}

const queries = dashboard.panels.flatMap((panel) =>
  (panel.targets ?? []).map(({ expr, legendFormat }) => ({
    title: `panel "${panel.title}"`,
    expr,
    text: `${expr} ${legendFormat}`,
  })),
);
const conditions = alerts.map(({ alert, expr, annotations }) => ({
  title: `alert ${alert}`,
  expr,
  text: `${expr} ${Object.values(annotations).join(' ')}`,
}));

describe.each([...queries, ...conditions])('$title: $expr', ({ expr, text }) => {
  it('asks only for metrics and labels that exist', () => {
    const asked = namesIn(expr).map(metricOf);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => metrics[name] === undefined)).toEqual([]);
    const labels = asked.flatMap((name) => metrics[name]?.labels ?? []);
    expect(labelsIn(text).filter((label) => !labels.includes(label))).toEqual([]);
  });

  it('takes rates of counters and histograms only, and never shows a counter as it stands', () => {
    for (const name of namesIn(expr)) {
      const counts = metrics[metricOf(name)]?.type !== 'gauge';
      const inRate = new RegExp(`(rate|increase)\\(${name}\\b`).test(expr);
      if (!counts) expect(inRate).toBe(false);
      else expect(inRate || /^sum\(|unless/.test(expr)).toBe(true);
    }
  });
});

it('shows every metric on the dashboard', () => {
  const shown = new Set(queries.flatMap(({ expr }) => namesIn(expr).map(metricOf)));
  expect(Object.keys(metrics).filter((name) => !shown.has(name))).toEqual([]);
});

it('places no panel of the dashboard over another, and numbers each once', () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

it('says for every alert how urgent it is and what it means, and tries each in alerts.test.yaml', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(['page', 'ticket']).toContain(labels['severity']);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'summary']);
    expect(alertTests).toContain(alert);
  }
});
