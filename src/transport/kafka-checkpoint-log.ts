/** Where a record stands, its key as text, its value as it came. */
export interface CheckpointRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: Buffer | null;
}

interface Slot {
  readonly offset: number;
  readonly value: Buffer;
}

/**
 * What the records of one daemon in the checkpoint topic mean. The log itself gives the order that fencing needs:
 *
 *   `<name>#claim`    a claim; its token is its offset + 1, so no two can be equal. The last one counts.
 *   `<name>#<token>`  the slot of that token: its checkpoint. Behind a newer claim it counts for nothing, however late it came.
 *   `<name>`          the checkpoint of before there were tokens. As a tombstone: an operator deletes what stands before it.
 */
export class CheckpointLog {
  readonly #name: string;
  readonly #slots = new Map<number, Slot>();
  #claimOffset: number | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  get claimKey(): string {
    return `${this.#name}#claim`;
  }

  slotKey(token: number): string {
    return token === 0 ? this.#name : `${this.#name}#${token}`;
  }

  add({ offset, key, value }: CheckpointRecord): void {
    if (key === this.claimKey) {
      if (value !== null) this.#claimOffset = offset;
      return;
    }
    const token = this.#tokenOf(key);
    if (token === null) return;
    if (value !== null) this.#slots.set(token, { offset, value });
    else if (token === 0) this.#slots.clear();
    else this.#slots.delete(token);
  }

  isNewest(token: number): boolean {
    return this.#claimOffset === null || tokenAt(this.#claimOffset) === token;
  }

  /** The checkpoint that counts, and the token it was saved under. */
  current(): { readonly token: number; readonly value: Buffer } | null {
    const counting = [...this.#slots].filter(([token, { offset }]) => this.#counts(token, offset));
    const [newest] = counting.sort(([a], [b]) => b - a);
    return newest === undefined ? null : { token: newest[0], value: newest[1].value };
  }

  /** Slots that are of no use once this token has saved. Not that of token 0: its tombstone would mean "delete everything". */
  useless(token: number): number[] {
    return [...this.#slots.keys()].filter((other) => other !== token && other !== 0);
  }

  #counts(token: number, offset: number): boolean {
    return this.#claimOffset === null || offset < this.#claimOffset || token === tokenAt(this.#claimOffset);
  }

  #tokenOf(key: string): number | null {
    if (key === this.#name) return 0;
    const digits = key.startsWith(`${this.#name}#`) ? key.slice(this.#name.length + 1) : '';
    return /^[1-9][0-9]{0,14}$/.test(digits) ? Number(digits) : null;
  }
}

/** The first record of a topic stands at offset 0, and 0 is the token of those who never claimed one. */
export function tokenAt(offset: number): number {
  return offset + 1;
}
