import type { Invalidation } from '../model/invalidation.ts';
import { formatCoordinates } from '../model/position.ts';
import { weigh } from '../model/weight.ts';
import type { DeliveredItem } from '../ports.ts';
import { batchLength } from './batch-bound.ts';
import { CompletionQueue, type Completion, type CompletionPart } from './completions.ts';

/** What waits for one loop, in order. */
export class Lane {
  readonly partition: number;
  readonly #completions = new CompletionQueue();
  #items: InProcessItem[] = [];
  #wake: (() => void) | undefined;
  #published = 0;
  #handled = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  /** How many were ever published here; the first so many were applied, at least once. */
  get published(): number {
    return this.#published;
  }

  get handled(): number {
    return this.#handled;
  }

  push(invalidation: Invalidation, completion: Completion): void {
    this.#items.push(new InProcessItem(invalidation));
    this.#completions.add(completion);
    this.#published++;
    if (this.#wake !== undefined) this.wake();
  }

  /** What may be handled now; it stays unfinished. */
  take(maxRecords: number): readonly DeliveredItem[] {
    const length = batchLength(this.#items, 0, { maxItems: maxRecords, bytesOf });
    if (length < this.#items.length) return this.#items.splice(0, length);
    const items = this.#items;
    if (items.length > 0) this.#items = [];
    return items;
  }

  /** The oldest `records` that were taken are applied once. Which publishes wait until they are finished? */
  handle(records: number): readonly CompletionPart[] {
    this.#handled += records;
    return this.#completions.take(records);
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

/** How many of each ordinary lane have to be handled first; null: nothing needs to be. */
type Barrier = readonly number[] | null;

/**
 * Flushes have a lane of their own: each takes long, and nothing else may wait for it. One that is versioned waits until
 * everything published before it, on every lane, is handled, because it must find what that has written (what will be deleted
 * once more writes nothing then). What comes after it in its lane waits too; what comes after it in the others goes on, and is newer.
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

  /** To be called when an ordinary lane has handled something. */
  lookAgain(): void {
    const [first] = this.#barriers;
    if (first !== undefined && this.#isOpen(first)) this.wake();
  }

  override fail(error: unknown): void {
    this.#barriers = [];
    super.fail(error);
  }

  #isOpen(barrier: Barrier): boolean {
    return barrier === null || this.#ordinary.every(({ handled }, index) => handled >= (barrier[index] ?? 0));
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

function bytesOf({ invalidation }: InProcessItem): number {
  return weigh(invalidation);
}
