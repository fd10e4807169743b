import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One table for every metric; docs/metrics.md is generated from it, and code can only use what stands here. */
export const METRICS = {
  sluice_replication_lag_seconds: {
    type: 'gauge',
    help: 'Replication lag: age of the newest transaction read from the source; 0 after a heartbeat.',
    labels: ['pipeline'],
  },
  sluice_source_connected: {
    type: 'gauge',
    help: '1 while the replica connection streams, else 0.',
    labels: ['pipeline'],
  },
  sluice_source_reconnects_total: {
    type: 'counter',
    help: 'Connection attempts to the source after the first.',
    labels: ['pipeline'],
  },
  sluice_lease_held: {
    type: 'gauge',
    help: '1 while this process is the active capture of its name, 0 while it stands by or cannot reach the source.',
    labels: ['daemon'],
  },
  sluice_xa_prepared: {
    type: 'gauge',
    help: 'XA transactions that are prepared on the source and neither committed nor rolled back: their rows wait.',
    labels: ['pipeline'],
  },
  sluice_xa_oldest_prepared_seconds: {
    type: 'gauge',
    help: 'Age of the oldest of them; 0 if there is none. Without the GTIDs of MySQL the checkpoint stays before it.',
    labels: ['pipeline'],
  },
  sluice_gaps_total: {
    type: 'counter',
    help: 'Times that changes (or, by a worker, records) may have been missed, by reason and by what `source.on_gap` made of it: flush, halt, ignore.',
    labels: ['pipeline', 'reason', 'policy'],
  },
  sluice_gap_flush_pending: {
    type: 'gauge',
    help: '1 from a gap until the flush of everything the rules own is acknowledged: keys may be stale meanwhile. Else 0.',
    labels: ['pipeline'],
  },
  sluice_row_changes_total: { type: 'counter', help: 'Row changes read from the source.', labels: ['pipeline'] },
  sluice_transactions_total: {
    type: 'counter',
    help: 'Transactions read from the source; without GTIDs those that came together count as one.',
    labels: ['pipeline'],
  },
  sluice_null_keys_total: {
    type: 'counter',
    help: 'Keys not built because a column in the template was NULL.',
    labels: ['rule'],
  },
  sluice_oversized_refreshes_total: {
    type: 'counter',
    help: 'Refreshes that became deletes of their keys, because the row or its record is too large.',
    labels: ['rule'],
  },
  sluice_unmapped_changes_total: {
    type: 'counter',
    help: 'Row changes that a rule could not be applied to, kept as dead letters by capture.',
    labels: ['rule'],
  },
  sluice_rule_broken: {
    type: 'gauge',
    help: '1 while a table lacks a column that the rule needs, its own or one its lookup reads: its rows go to the dead letters. Else 0.',
    labels: ['rule'],
  },
  sluice_lookups_total: {
    type: 'counter',
    help: 'Lookups of rules, by outcome: cached (the answer was remembered), read.',
    labels: ['rule', 'outcome'],
  },
  sluice_lookup_retries_total: {
    type: 'counter',
    help: 'Reads of lookups that had to be repeated because the server did not answer.',
    labels: ['rule'],
  },
  sluice_in_flight_batches: {
    type: 'gauge',
    help: 'Change batches published but not acknowledged.',
    labels: ['pipeline'],
  },
  sluice_in_flight_bytes: {
    type: 'gauge',
    help: 'Bytes in flight: those of the row events, and about 500 for each invalidation they became.',
    labels: ['pipeline'],
  },
  sluice_queue_depth_records: {
    type: 'gauge',
    help: 'Invalidations waiting for a partition loop (in-process queue) or for a broker (Kafka publisher).',
    labels: ['pipeline'],
  },
  sluice_consumer_lag_records: {
    type: 'gauge',
    help: 'Records of the partition that this target has not finished.',
    labels: ['target', 'partition'],
  },
  sluice_invalidations_total: {
    type: 'counter',
    help: 'Invalidations finished, by rule and outcome: applied, newer, coalesced, flushed, dead_letter, unknown_rule.',
    labels: ['target', 'rule', 'outcome'],
  },
  sluice_second_deletes_total: {
    type: 'counter',
    help: 'Keys deleted once more because of `again_after`; one serves all invalidations of the key that wait for it.',
    labels: ['target'],
  },
  sluice_second_deletes_pending: {
    type: 'gauge',
    help: 'Invalidations applied once that wait for `again_after` to pass (flushes too); they are not acknowledged yet.',
    labels: ['target'],
  },
  sluice_flushes_total: {
    type: 'counter',
    help: 'Flushes carried out, by rule and reason; one serves all copies of a record that wait for it.',
    labels: ['target', 'rule', 'reason'],
  },
  sluice_flushed_keys_total: { type: 'counter', help: 'Keys that flushes removed.', labels: ['target', 'rule'] },
  sluice_flush_running: {
    type: 'gauge',
    help: '1 while the keys of a rule are being flushed, else 0; others wait.',
    labels: ['target'],
  },
  sluice_invalidation_delay_seconds: {
    type: 'histogram',
    help: 'Invalidation delay: commit on the source to the answer of the cache (whole seconds where the source tells no more).',
    labels: ['target'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  },
  sluice_apply_delay_seconds: {
    type: 'histogram',
    help: 'From the moment the daemon read the row change to the answer of the cache.',
    labels: ['target'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
  },
  sluice_target_available: {
    type: 'gauge',
    help: '1 while the target answers, 0 while it is retried.',
    labels: ['target'],
  },
  sluice_target_retries_total: { type: 'counter', help: 'Batches that had to be repeated.', labels: ['target'] },
  sluice_target_repairs_total: {
    type: 'counter',
    help: 'Times that a target had forgotten acknowledged writes (fail-over, restart), by what mended it: repeated (the recent invalidations again), flushed (everything that the rules own).',
    labels: ['target', 'by'],
  },
  sluice_target_repair_pending: {
    type: 'gauge',
    help: '1 while a target may lack acknowledged invalidations that are being repeated or flushed, else 0.',
    labels: ['target'],
  },
  sluice_kafka_available: {
    type: 'gauge',
    help: '1 while Kafka takes records (link `publisher.<n>`) or the worker is a member of its group and knows where to read (link `consumer.<target>`), else 0.',
    labels: ['link'],
  },
  sluice_publisher_rebuilds_total: { type: 'counter', help: 'Kafka producers rebuilt after an error.', labels: [] },
  sluice_consumer_restarts_total: {
    type: 'counter',
    help: 'Kafka consumers rebuilt after a crash.',
    labels: ['target'],
  },
  sluice_consumer_skipped_records_total: {
    type: 'counter',
    help: 'Records deleted from the topic (retention) before this target read them: a gap (`sluice_gaps_total`).',
    labels: ['target'],
  },
  sluice_dead_letters_total: { type: 'counter', help: 'Records kept as dead letters.', labels: ['target'] },
  sluice_checkpoint_age_seconds: {
    type: 'gauge',
    help: 'Time since the checkpoint was last saved (or found to be up to date).',
    labels: ['pipeline'],
  },
  sluice_checkpoint_saves_total: { type: 'counter', help: 'Checkpoints saved.', labels: ['pipeline'] },
  sluice_rules_info: {
    type: 'gauge',
    help: '1 for the hash of the rule set that this pipeline evaluates (apply workers: whose refresh plans they prefer); no other hash is shown.',
    labels: ['pipeline', 'hash'],
  },
  sluice_rule_reloads_total: {
    type: 'counter',
    help: 'Reloads of the rule files, by outcome: swapped, unchanged, refused.',
    labels: ['outcome'],
  },
  sluice_rules_reload_failed: {
    type: 'gauge',
    help: '1 while the last reload was refused: the rule files are not what is in force. Else 0.',
    labels: [],
  },
} as const satisfies Record<string, MetricKind>;

interface MetricKind {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

type Table = typeof METRICS;
type NamesOf<T extends MetricKind['type']> = {
  [N in keyof Table]: Table[N]['type'] extends T ? N : never;
}[keyof Table];
type LabelsOf<N extends keyof Table> = Record<Table[N]['labels'][number], string>;

/** The metrics of one process. Names and labels are checked by the compiler against the table above. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #instruments = new Map<string, Counter | Gauge | Histogram>();
  readonly #refreshers: (() => void)[] = [];

  constructor() {
    for (const [name, kind] of Object.entries<MetricKind>(METRICS)) {
      const options = { name, help: kind.help, labelNames: [...kind.labels], registers: [this.#registry] };
      if (kind.type === 'counter') this.#instruments.set(name, new Counter(options));
      else if (kind.type === 'gauge') this.#instruments.set(name, new Gauge(options));
      else this.#instruments.set(name, new Histogram({ ...options, buckets: [...(kind.buckets ?? [])] }));
    }
  }

  count<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    (this.#instruments.get(name) as Counter).inc(labels, by);
  }

  set<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void {
    (this.#instruments.get(name) as Gauge).set(labels, value);
  }

  /** The series is no longer shown: what it was about is gone. */
  remove<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>): void {
    this.#instruments.get(name)?.remove(labels);
  }

  /** The gauge as it stands; 0 if it was never set. Awaits prom-client, so not for the hot path. */
  async value<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>): Promise<number> {
    const { values } = await (this.#instruments.get(name) as Gauge).get();
    const wanted = Object.entries<string>(labels);
    return values.find((value) => wanted.every(([label, text]) => value.labels[label] === text))?.value ?? 0;
  }

  observe<N extends NamesOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void {
    (this.#instruments.get(name) as Histogram).observe(labels, value);
  }

  /** Called before each scrape, for gauges that are cheaper to read than to keep. */
  onScrape(refresh: () => void): void {
    this.#refreshers.push(refresh);
  }

  /** The Prometheus text format. */
  async text(): Promise<string> {
    for (const refresh of this.#refreshers) refresh();
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
