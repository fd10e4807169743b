/** What the two threads say to each other. */
export interface WorkerPlan {
  readonly seed: number;
  /** Of all targets together. */
  readonly inputs: number;
  /** One stretch of one target, to see a finding again. */
  readonly only: { readonly target: string; readonly from: number; readonly to: number } | null;
  /** Two numbers of 32 bits: the input at hand, and whether to stop. */
  readonly progress: SharedArrayBuffer;
}

export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly error: string;
  /** The pieces of the smallest input found that still does it. */
  readonly bytes: readonly string[];
}

export interface TargetReport {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

export type FromWorker =
  | { readonly kind: 'target'; readonly target: string }
  | ({ readonly kind: 'finding' } & Finding)
  | ({ readonly kind: 'finished' } & TargetReport)
  | { readonly kind: 'done' };
