import type { Invalidation } from '../model/invalidation.ts';
import { formatCoordinates } from '../model/position.ts';
import type { DeliveredItem } from '../ports.ts';
import { CompletionQueue, type Completion } from './completions.ts';

/** What waits for one loop, in order. */
export class Lane {
  readonly partition: number;
  readonly #completions = new CompletionQueue();
  #items: DeliveredItem[] = [];
  #wake: (() => void) | undefined;
  #published = 0;
  #finished = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  /** How many were ever published here; the first so many are finished. */
  get published(): number {
    return this.#published;
  }

  get finished(): number {
    return this.#finished;
  }

  push(invalidation: Invalidation, completion: Completion): void {
    this.#items.push(new InProcessItem(invalidation));
    this.#completions.add(completion);
    this.#published++;
    if (this.#wake !== undefined) this.wake();
  }

  /** What may be handled now; it stays unfinished. */
  take(maxRecords: number): readonly DeliveredItem[] {
    if (this.#items.length > maxRecords) return this.#items.splice(0, maxRecords);
    const items = this.#items;
    if (items.length > 0) this.#items = [];
    return items;
  }

  finish(records: number): void {
    this.#finished += records;
    this.#completions.finish(records);
  }

  /** Resolves when something came, or `wake` was called. */
  arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  fail(error: unknown): void {
    this.#items = [];
    this.#completions.fail(error);
  }
}

/** How many of each ordinary lane have to be finished first; null: nothing needs to be. */
type Barrier = readonly number[] | null;

/**
 * Flushes have a lane of their own: each takes long, and nothing else may wait for it. One that is versioned waits until
 * everything published before it, on every lane, is finished, because it must find what that has written. What comes
 * after it in its lane waits too; what comes after it in the others goes on, and is newer.
 */
export class FlushLane extends Lane {
  readonly #ordinary: readonly Lane[];
  #barriers: Barrier[] = [];

  constructor(partition: number, ordinary: readonly Lane[]) {
    super(partition);
    this.#ordinary = ordinary;
  }

  override push(invalidation: Invalidation & { readonly action: 'flush' }, completion: Completion): void {
    this.#barriers.push(invalidation.versioned ? this.#ordinary.map(({ published }) => published) : null);
    super.push(invalidation, completion);
  }

  override take(maxRecords: number): readonly DeliveredItem[] {
    const blocked = this.#barriers.findIndex((barrier) => !this.#isOpen(barrier));
    const ready = Math.min(maxRecords, blocked < 0 ? this.#barriers.length : blocked);
    this.#barriers.splice(0, ready);
    return super.take(ready);
  }

  /** To be called when an ordinary lane has finished something. */
  lookAgain(): void {
    const [first] = this.#barriers;
    if (first !== undefined && this.#isOpen(first)) this.wake();
  }

  override fail(error: unknown): void {
    this.#barriers = [];
    super.fail(error);
  }

  #isOpen(barrier: Barrier): boolean {
    return barrier === null || this.#ordinary.every(({ finished }, index) => finished >= (barrier[index] ?? 0));
  }
}

/** `place` is only asked for when something goes wrong, so it is not built before. */
class InProcessItem {
  readonly kind = 'invalidation';
  readonly invalidation: Invalidation;

  constructor(invalidation: Invalidation) {
    this.invalidation = invalidation;
  }

  /** The queue has no offsets: where it stands is where its transaction stands in the binlog. */
  get place(): string {
    return formatCoordinates(this.invalidation.origin.coordinates);
  }
}
