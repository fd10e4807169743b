import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { removeIdleTimer } from '../../../src/transport/kafka-idle-timer.ts';

interface Queue {
  pending: unknown[];
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}
type QueueClass = new (options: object) => Queue;

/** The pinned library must still look as it did when its timer was removed. */
describe('the request queue of kafkajs', () => {
  const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as QueueClass;
  const create = (): Queue => new RequestQueue({ maxInFlightRequests: null, requestTimeout: 1_000 });

  it('sets no timer when nothing waits, and one when something does', () => {
    removeIdleTimer();
    removeIdleTimer();
    const queue = create();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});
