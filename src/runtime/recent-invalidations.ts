import type { Invalidation } from '../model/invalidation.ts';

/** Keys may be of 16 KiB each, and so may values of primary keys be long; the text of what is remembered stays below this. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** The newest so many invalidations, fewer if they are large. */
export class RecentInvalidations {
  readonly #ring: (Invalidation | undefined)[];
  /** Where the oldest stands, and how many there are. */
  #oldest = 0;
  #count = 0;
  #characters = 0;

  constructor(maxRecords: number) {
    this.#ring = new Array<Invalidation | undefined>(maxRecords).fill(undefined);
  }

  add(invalidation: Invalidation): void {
    const characters = charactersOf(invalidation);
    while (this.#count > 0 && (this.#count === this.#ring.length || this.#characters + characters > MAX_CHARACTERS)) {
      this.#forgetOldest();
    }
    this.#ring[(this.#oldest + this.#count) % this.#ring.length] = invalidation;
    this.#count++;
    this.#characters += characters;
  }

  /** The oldest first. */
  all(): readonly Invalidation[] {
    const all: Invalidation[] = [];
    for (let index = 0; index < this.#count; index++) {
      const invalidation = this.#ring[(this.#oldest + index) % this.#ring.length];
      if (invalidation !== undefined) all.push(invalidation);
    }
    return all;
  }

  #forgetOldest(): void {
    const oldest = this.#ring[this.#oldest];
    if (oldest !== undefined) this.#characters -= charactersOf(oldest);
    this.#ring[this.#oldest] = undefined;
    this.#oldest = (this.#oldest + 1) % this.#ring.length;
    this.#count--;
  }
}

function charactersOf({ key, partitionKey, origin }: Invalidation): number {
  let characters = key.length + (partitionKey === key ? 0 : partitionKey.length);
  for (const value of Object.values(origin.primaryKey ?? {})) if (typeof value === 'string') characters += value.length;
  return characters;
}
