import type { Invalidation } from '../../model/invalidation.ts';
import type { Epochs } from '../../model/position.ts';
import type { DeadLetter } from '../../ports.ts';

/** What an evaluation needs to know beside the batch. */
export interface EvaluationContext {
  /** When the daemon read the batch, ms since the epoch. */
  readonly captureTimeMs: number;
  /** As the evaluation of the batch before returned them; at the start those of the checkpoint. */
  readonly epochs: Epochs;
  /** Ends the waiting for lookups: `evaluate` then rejects with its reason. */
  readonly signal: AbortSignal;
}

/** What a batch means by the rules. */
export interface Evaluation {
  /** In the order of the changes, then of the rules, then the keys only the before image has before the others. */
  readonly invalidations: readonly Invalidation[];
  /** Row changes that a rule could not be applied to; every item is an UnmappedChange. */
  readonly letters: readonly DeadLetter[];
  /** The same map while nothing was raised. */
  readonly epochs: Epochs;
}
