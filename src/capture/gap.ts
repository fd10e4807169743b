import type { GapPolicy, GapReason } from '../model/gap.ts';
import { GAP_REASONS } from '../model/gap.ts';
import type { Invalidation } from '../model/invalidation.ts';
import type { Epochs, Position } from '../model/position.ts';
import { versionBehindGap, type Version } from '../model/version.ts';
import type { ChangeSource, Clock } from '../ports.ts';
import type { Progress } from '../progress/watermark.ts';
import type { GapFlush, GapFlushOptions } from '../rules/evaluate/gap-flush.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { ERRORS, SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { PositionGone } from '../runtime/position-gone.ts';

/** Changes may have been missed. */
export interface Gap {
  readonly reason: GapReason;
  readonly error: SluiceError;
  readonly before: KnownBefore;
}

/** What is known of the time before the gap. */
export interface KnownBefore {
  /** Null: the checkpoint is lost. */
  readonly position: Position | null;
  /** The last one given out, as far as anybody knows. */
  readonly lastVersion: Version;
  readonly epochs: Epochs;
}

/** How it goes on behind a gap. */
export interface Bridge {
  readonly progress: Progress;
  /** To be published before anything that comes from behind the gap. */
  readonly invalidations: readonly Invalidation[];
}

export interface GapOptions {
  readonly pipeline: string;
  readonly onGap: GapPolicy;
  readonly source: Pick<ChangeSource, 'locate'>;
  /** What everything the rules in force own means for the cache. */
  readonly bridge: (gap: GapFlushOptions) => GapFlush;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Without GTIDs "now" is the end of the log, and a transaction stands there a moment before others see its rows: who fills a key
 * in that moment would keep the old row, and the flush must come after it.
 */
const VISIBLE_AFTER_MS = 1_000;

/** Null: the error is none of a gap. */
export function gapOf(error: unknown, before: KnownBefore): Gap | null {
  if (error instanceof PositionGone) return { reason: error.reason, error, before };
  if (!(error instanceof SluiceError)) return null;
  if (error.code === 'SOURCE_POSITION_GONE') return { reason: 'reset', error, before };
  if (error.code === 'CHECKPOINT_UNREADABLE') return { reason: 'checkpoint_unreadable', error, before };
  return error.code === 'CHECKPOINT_MISSING' ? { reason: 'checkpoint_missing', error, before } : null;
}

/** Says what a gap means, and finds the way over it (docs/adr/0017-gaps.md). */
export class Gaps {
  readonly #options: GapOptions;
  /** Since something was last read. */
  #inARow = 0;
  #pending = 0;
  #halted = false;

  constructor(options: GapOptions) {
    this.#options = options;
    const { metrics, pipeline, onGap: policy } = options;
    // Series that are there from the start make the first event visible as an increase.
    for (const reason of GAP_REASONS) metrics.count('sluice_gaps_total', { pipeline, reason, policy }, 0);
    metrics.set('sluice_gap_flush_pending', { pipeline }, 0);
  }

  /** A gap has ended the process. */
  get halted(): boolean {
    return this.#halted;
  }

  /** The flush is acknowledged. Until then the cache may be stale, and `/readyz` says so. */
  readonly bridged = (): void => {
    if (this.#pending > 0) this.#show(--this.#pending);
  };

  #show(pending: number): void {
    const { metrics, pipeline } = this.#options;
    metrics.set('sluice_gap_flush_pending', { pipeline }, pending > 0 ? 1 : 0);
  }

  /** Something was read: the next gap is another one. */
  passed(): void {
    this.#inARow = 0;
  }

  /**
   * Throws the gap's own error when it is to end the process. Else where to go on: "now" is located first, so that every change
   * is either older than the flush or read from the log.
   */
  async bridge(gap: Gap, signal: AbortSignal): Promise<Bridge> {
    const { onGap, source, clock } = this.#options;
    this.#report(gap);
    this.#halted = onGap === 'halt';
    if (this.#halted) throw gap.error;
    if (onGap === 'flush') this.#show(++this.#pending);
    // A server that has a gap behind every "now" is not asked, and the cache not flushed, as fast as that goes.
    if (this.#inARow++ > 0) await clock.sleep(fullJitterMs(this.#inARow, { baseMs: 1_000, maxMs: 60_000 }), signal);
    const position = await source.locate({ kind: 'now' }, signal);
    const lastVersion = versionBehindGap(gap.before.lastVersion, clock.now());
    const { epochs } = gap.before;
    if (onGap === 'ignore') return { progress: { position, lastVersion, epochs }, invalidations: [] };
    if (position.flavour === 'mariadb' || position.gtidSet === null) await clock.sleep(VISIBLE_AFTER_MS, signal);
    return this.#flush({ position, lastVersion, epochs });
  }

  #flush({ position, lastVersion, epochs }: Progress): Bridge {
    const { bridge, logger } = this.#options;
    const { coordinates } = position;
    const flush = bridge({ version: lastVersion, epochs, coordinates });
    const { invalidations, unflushed } = flush;
    logger.warn({ position, flushes: invalidations.length }, 'flushing what the rules own; going on from now');
    if (unflushed.length > 0) {
      logger.error(
        { rules: unflushed },
        'keys of these rules are told apart from others by nothing and are not flushed: remove them by hand',
      );
    }
    return { progress: { position, lastVersion, epochs: flush.epochs }, invalidations };
  }

  #report({ reason, error, before }: Gap): void {
    const { pipeline, onGap: policy, metrics, logger } = this.#options;
    metrics.count('sluice_gaps_total', { pipeline, reason, policy });
    const fields = { reason, policy, code: error.code, why: error.message, before: before.position };
    const remedy = policy === 'ignore' ? { remedy: ERRORS[error.code].remedy } : {};
    logger.error({ ...fields, ...remedy }, MEANING[policy]);
  }
}

const MEANING: Readonly<Record<GapPolicy, string>> = {
  flush: 'a gap: changes may have been missed; everything the rules own is flushed',
  halt: 'a gap: changes may have been missed; stopping, nothing more is applied',
  ignore: 'a gap: changes may have been missed; keys may stay stale, because source.on_gap is ignore',
};
