import type { Invalidation } from '../model/invalidation.ts';
import { InvalidationPage } from './invalidation-page.ts';

/** Keys may be of 16 KiB each, and so may values of primary keys be long; the text of what is remembered stays below this. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** A page is full when it has one of both. */
const PAGE = { records: 1_000, characters: MAX_CHARACTERS / 8 };

/**
 * The newest so many invalidations, fewer if they are large. They are forgotten by the page, without being looked at: to fetch each
 * one again from far away in memory would cost more than all else that happens to it here.
 */
export class RecentInvalidations {
  readonly #maxRecords: number;
  /** The oldest first; the last one is being filled. */
  readonly #pages: InvalidationPage[] = [];
  #count = 0;
  #characters = 0;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  add(invalidation: Invalidation): void {
    const page = this.#openPage();
    const before = page.characters;
    page.add(invalidation);
    this.#count++;
    this.#characters += page.characters - before;
  }

  /** The oldest first. */
  all(): readonly Invalidation[] {
    return this.#pages.flatMap((page) => page.all()).slice(-this.#maxRecords);
  }

  #openPage(): InvalidationPage {
    const last = this.#pages.at(-1);
    if (last !== undefined && last.length < PAGE.records && last.characters < PAGE.characters) return last;
    this.#forget();
    const page = new InvalidationPage(PAGE.records);
    this.#pages.push(page);
    return page;
  }

  /** What is left, with the next page. */
  #forget(): void {
    for (let oldest = this.#pages[0]; oldest !== undefined; oldest = this.#pages[0]) {
      const { length, characters } = oldest;
      const isNeeded = this.#count - length < this.#maxRecords;
      if (isNeeded && this.#characters + PAGE.characters <= MAX_CHARACTERS) return;
      this.#pages.shift();
      this.#count -= length;
      this.#characters -= characters;
    }
  }
}
