import type { GapReason } from '../model/gap.ts';
import { SluiceError } from './errors.ts';

/** SOURCE_POSITION_GONE, and what made it so. */
export class PositionGone extends SluiceError {
  readonly reason: GapReason;

  constructor(reason: GapReason, message: string, options?: ErrorOptions) {
    super('SOURCE_POSITION_GONE', message, options);
    this.name = 'PositionGone';
    this.reason = reason;
  }
}
