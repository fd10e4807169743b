import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { BatchHandler, DeliveredItem, PartitionBatch, Remainder } from '../../../src/ports.ts';
import { deleteOf } from '../../support/invalidations.ts';

/** Waiting for something that Kafka does. */
export const WAIT = { timeout: 30_000, interval: 10 };

/** `count` invalidations over `keys` keys; the versions count up from `first`. */
export function changes(count: number, keys = 7, first = 1_000): Invalidation[] {
  return Array.from({ length: count }, (_, i) => deleteOf(`product:${i % keys}`, first + i));
}

/** Remembers what a handler was given; `then` is what it does with it. */
export class Recorder {
  readonly batches: PartitionBatch[] = [];
  readonly handle: BatchHandler;

  constructor(
    then: (...given: Parameters<BatchHandler>) => Promise<Remainder | null | void> = () => Promise.resolve(),
  ) {
    this.handle = async (batch, signal) => {
      this.batches.push(batch);
      return (await then(batch, signal)) ?? null;
    };
  }

  get items(): DeliveredItem[] {
    return this.batches.flatMap(({ items }) => items);
  }

  get invalidations(): Invalidation[] {
    return this.items.flatMap((item) => (item.kind === 'invalidation' ? [item.invalidation] : []));
  }

  get partitions(): Set<number> {
    return new Set(this.batches.map(({ partition }) => partition));
  }
}
