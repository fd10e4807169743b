import type { Socket } from 'node:net';
import { delay } from '../wait.ts';
import { isFair, type Weather } from './weather.ts';

const HIGH_WATER_BYTES = 256 * 1024;
const DRIP_EVERY_MS = 4;

/** One direction of one connection: bytes go from one socket to the other as the weather lets them, in order. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #weather: () => Weather;
  readonly #queue: { readonly chunk: Buffer; readonly atMs: number }[] = [];
  #queuedBytes = 0;
  #pumping = false;
  /** Set for good: a half-open connection does not come back when the link does. */
  mute = false;

  constructor(from: Socket, to: Socket, weather: () => Weather) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    to.on('drain', () => this.#relieve());
  }

  #take(chunk: Buffer): void {
    if (this.mute) return;
    if (!this.#pumping && isFair(this.#weather())) {
      if (!this.#to.write(chunk)) this.#from.pause();
      return;
    }
    this.#queue.push({ chunk, atMs: performance.now() });
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > HIGH_WATER_BYTES) this.#from.pause();
    if (!this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#pass(next.chunk, next.atMs);
      this.#queuedBytes -= next.chunk.length;
      this.#relieve();
    }
    this.#pumping = false;
  }

  async #pass(chunk: Buffer, atMs: number): Promise<void> {
    for (let rest = chunk; rest.length > 0 && !this.mute && this.#to.writable;) {
      const { stalled, delayMs, dripBytes } = this.#weather();
      const lateMs = atMs + delayMs - performance.now();
      if (stalled || lateMs > 0) {
        await delay(stalled ? 10 : lateMs);
        continue;
      }
      const size = dripBytes === 0 ? rest.length : dripBytes;
      this.#to.write(rest.subarray(0, size));
      rest = rest.subarray(size);
      if (dripBytes > 0) await delay(DRIP_EVERY_MS);
    }
  }

  #relieve(): void {
    if (this.#queuedBytes <= HIGH_WATER_BYTES) this.#from.resume();
  }
}
