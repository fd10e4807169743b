/** Letters among invalidations. */
export interface LetterCount {
  readonly letters: number;
  readonly total: number;
}

interface Block {
  letters: number;
  total: number;
}

/**
 * How many of about the newest `size` invalidations became letters. Kept in blocks of a hundredth each, so it may look back over a
 * hundredth too much and never over less, unless there were less.
 */
export class LetterWindow {
  readonly #size: number;
  #blocks: Block[] = [];
  #total = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(letters: number, total: number): void {
    if (total === 0) return;
    const newest = this.#blocks.at(-1);
    if (newest !== undefined && newest.total < this.#size / 100) {
      newest.letters += letters;
      newest.total += total;
    } else this.#blocks.push({ letters, total });
    this.#total += total;
    for (let oldest = this.#blocks[0]; oldest !== undefined; oldest = this.#blocks[0]) {
      if (this.#total - oldest.total < this.#size) break;
      this.#blocks.shift();
      this.#total -= oldest.total;
    }
  }

  /** As it would be with so many more; nothing is added. */
  with(letters: number, total: number): LetterCount {
    // The newest of what is there: old letters must not count against a batch that pushes them out.
    const room = Math.max(0, this.#size - total);
    const before = { letters: 0, total: 0 };
    for (let index = this.#blocks.length - 1; index >= 0 && before.total < room; index--) {
      before.letters += this.#blocks[index]?.letters ?? 0;
      before.total += this.#blocks[index]?.total ?? 0;
    }
    return { letters: before.letters + letters, total: before.total + total };
  }
}
