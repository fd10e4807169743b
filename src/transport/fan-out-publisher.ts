import type { Invalidation } from '../model/invalidation.ts';
import type { InvalidationPublisher } from '../ports.ts';

/**
 * Gives every batch to several publishers: one in-process queue per Redis target. Resolves when all of them have
 * resolved, so the watermark waits for the slowest target; the others go on as far as the in-flight window lets them.
 */
export class FanOutPublisher implements InvalidationPublisher {
  readonly #publishers: readonly InvalidationPublisher[];

  constructor(options: { publishers: readonly InvalidationPublisher[] }) {
    this.#publishers = options.publishers;
  }

  async publish(invalidations: readonly Invalidation[]): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher.publish(invalidations)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher.close()));
  }
}
