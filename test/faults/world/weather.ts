/** What a link does to the bytes that pass. */
export interface Weather {
  /** Nothing passes, in either direction, and nobody is told. */
  readonly stalled: boolean;
  /** Every chunk arrives this much later. */
  readonly delayMs: number;
  /** At most so many bytes at a time, a few ms apart; 0: as they come. */
  readonly dripBytes: number;
  /** New connections are reset at once. */
  readonly refusing: boolean;
}

export const FAIR: Weather = { stalled: false, delayMs: 0, dripBytes: 0, refusing: false };

export const isFair = ({ stalled, delayMs, dripBytes }: Weather): boolean =>
  !stalled && delayMs === 0 && dripBytes === 0;
