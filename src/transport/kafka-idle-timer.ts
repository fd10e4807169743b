import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
}
interface RequestQueueClass {
  prototype: { scheduleCheckPendingRequests?: (this: RequestQueue) => void };
}

const patched = Symbol.for('sluice.kafkajs.idle-timer-removed');

/**
 * kafkajs 2.2.4 looks every millisecond, for ever, whether a request waits to be sent, even when none does: 3 % of a
 * core, and a warning about negative timeouts on Node 24. Its queue schedules the look anew whenever a request is
 * queued, so without waiting requests there is nothing to schedule. Does nothing where kafkajs looks different.
 */
export function removeIdleTimer(): void {
  let prototype: RequestQueueClass['prototype'] & { [patched]?: boolean };
  try {
    const require = createRequire(import.meta.url);
    prototype = (require('kafkajs/src/network/requestQueue/index.js') as RequestQueueClass).prototype;
  } catch {
    return;
  }
  const schedule = prototype.scheduleCheckPendingRequests;
  if (schedule === undefined || prototype[patched] === true) return;
  prototype[patched] = true;
  prototype.scheduleCheckPendingRequests = function (): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
