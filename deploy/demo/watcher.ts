import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';

export interface Seen {
  readonly key: string;
  readonly event: 'gone' | 'refreshed';
  /** performance.now() when the keyspace event arrived. */
  readonly atMs: number;
}

/** Watches the keys from outside, by Redis keyspace events: what any client could see, not what the daemon claims. */
export class KeyWatcher {
  readonly #redis: Redis;
  readonly #seen: Seen[] = [];
  #previousSetting: string | undefined;

  constructor(options: { url: string }) {
    this.#redis = new Redis(options.url);
  }

  async start(database: number): Promise<void> {
    const settings = this.#redis.duplicate();
    // Redis 6+ clients speak RESP3 here: CONFIG GET answers a map.
    const answer = (await settings.config('GET', 'notify-keyspace-events')) as string[] | Record<string, string>;
    this.#previousSetting = Array.isArray(answer) ? answer[1] : answer['notify-keyspace-events'];
    await settings.config('SET', 'notify-keyspace-events', 'Eg$');
    settings.disconnect();
    const prefix = `__keyevent@${database}__:`;
    this.#redis.on('message', (channel: string, key: string) => {
      const event = channel === `${prefix}del` ? 'gone' : 'refreshed';
      this.#seen.push({ key, event, atMs: performance.now() });
    });
    await this.#redis.subscribe(`${prefix}del`, `${prefix}set`);
  }

  /** Everything seen since the last call. */
  take(): Seen[] {
    return this.#seen.splice(0);
  }

  get count(): number {
    return this.#seen.length;
  }

  async stop(): Promise<void> {
    const settings = this.#redis.duplicate();
    await settings.config('SET', 'notify-keyspace-events', this.#previousSetting ?? '');
    settings.disconnect();
    this.#redis.disconnect();
  }
}
