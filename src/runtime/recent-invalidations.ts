import type { Invalidation } from '../model/invalidation.ts';

/** Keys may be of 16 KiB each, and so may values of primary keys be long; the text of what is remembered stays below this. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** A page is full when it has one of both. */
const PAGE = { records: 1_000, characters: MAX_CHARACTERS / 8 };

interface Page {
  readonly invalidations: Invalidation[];
  characters: number;
}

/**
 * The newest so many invalidations, fewer if they are large. They are forgotten by the page, without being looked at: to fetch each
 * one again from far away in memory would cost more than all else that happens to it here.
 */
export class RecentInvalidations {
  readonly #maxRecords: number;
  /** The oldest first; the last one is being filled. */
  readonly #pages: Page[] = [];
  #count = 0;
  #characters = 0;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  add(invalidation: Invalidation): void {
    const characters = charactersOf(invalidation);
    const page = this.#openPage();
    page.invalidations.push(invalidation);
    page.characters += characters;
    this.#count++;
    this.#characters += characters;
  }

  /** The oldest first. */
  all(): readonly Invalidation[] {
    return this.#pages.flatMap(({ invalidations }) => invalidations).slice(-this.#maxRecords);
  }

  #openPage(): Page {
    const last = this.#pages.at(-1);
    if (last !== undefined && last.invalidations.length < PAGE.records && last.characters < PAGE.characters)
      return last;
    this.#forget();
    const page: Page = { invalidations: [], characters: 0 };
    this.#pages.push(page);
    return page;
  }

  /** What is left, with the next page. */
  #forget(): void {
    for (let oldest = this.#pages[0]; oldest !== undefined; oldest = this.#pages[0]) {
      const { invalidations, characters } = oldest;
      const isNeeded = this.#count - invalidations.length < this.#maxRecords;
      if (isNeeded && this.#characters + PAGE.characters <= MAX_CHARACTERS) return;
      this.#pages.shift();
      this.#count -= invalidations.length;
      this.#characters -= characters;
    }
  }
}

function charactersOf({ key, partitionKey, origin: { primaryKey } }: Invalidation): number {
  let characters = key.length + (partitionKey === key ? 0 : partitionKey.length);
  for (const name in primaryKey) {
    const value = primaryKey[name];
    if (typeof value === 'string') characters += value.length;
  }
  return characters;
}
