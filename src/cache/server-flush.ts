import type { Clock, FlushProgress, FlushRequest } from '../ports.ts';
import type { RedisFlush } from './redis-flush.ts';
import type { RedisServers } from './redis-servers.ts';

export interface ServerFlushOptions {
  readonly servers: RedisServers;
  readonly flush: RedisFlush;
  readonly clock: Clock;
}

/** Of a cluster whose slots do not come to rest; then the flush is retried later, and says so. */
const MOST_PASSES = 10;
const BETWEEN_PASSES_MS = 500;

/**
 * A flush of all servers of a target, one after another. A key whose slot moves from a server that is still to be scanned to
 * one that has been is seen on neither, so a pass counts only if every slot stood still from its beginning to its end.
 */
export class ServerFlush {
  readonly #options: ServerFlushOptions;

  constructor(options: ServerFlushOptions) {
    this.#options = options;
  }

  /** Resolves with what was done, also when aborted: then it is not all. */
  async run(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    const { servers, clock } = this.#options;
    let total: FlushProgress = { scannedKeys: 0, removedKeys: 0 };
    const note = (more: FlushProgress): void => onProgress((total = sum(total, more)));
    for (let pass = 1; ; pass++) {
      const before = await servers.layout();
      await this.#pass(request, note, signal);
      if (signal.aborted || (before !== null && before === (await servers.layout()))) return total;
      if (pass === MOST_PASSES) throw new Error('slots keep moving between the nodes of the cluster');
      servers.doubt();
      await clock.sleep(BETWEEN_PASSES_MS, signal).catch(() => undefined);
    }
  }

  /** Tells what each step adds. */
  async #pass(request: FlushRequest, note: (more: FlushProgress) => void, signal: AbortSignal): Promise<void> {
    for (const { server } of await this.#options.servers.masters()) {
      if (signal.aborted) return;
      let told: FlushProgress = { scannedKeys: 0, removedKeys: 0 };
      const step = (now: FlushProgress): void => {
        note({
          scannedKeys: now.scannedKeys - told.scannedKeys,
          removedKeys: now.removedKeys - told.removedKeys,
        });
        told = now;
      };
      await server.flushes.use((client) => this.#options.flush.run(client, request, step, signal));
    }
  }
}

function sum(a: FlushProgress, b: FlushProgress): FlushProgress {
  return { scannedKeys: a.scannedKeys + b.scannedKeys, removedKeys: a.removedKeys + b.removedKeys };
}
