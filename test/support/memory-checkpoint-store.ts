import { decodeCheckpoint, encodeCheckpoint } from '../../src/model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../../src/ports.ts';
import { errorMessage, SluiceError } from '../../src/runtime/errors.ts';

/** What several stores in memory share, as processes share a server. */
export interface MemoryPlace {
  text: string | null;
  token: number;
}

export class MemoryCheckpointStore implements CheckpointStore {
  readonly #place: MemoryPlace;

  constructor(place: MemoryPlace = { text: null, token: 0 }) {
    this.#place = place;
  }

  load(): Promise<Checkpoint | null> {
    const { text } = this.#place;
    try {
      return Promise.resolve(text === null ? null : decodeCheckpoint(text));
    } catch (error) {
      return Promise.reject(new SluiceError('CHECKPOINT_UNREADABLE', errorMessage(error)));
    }
  }

  claim(): Promise<number> {
    return Promise.resolve(++this.#place.token);
  }

  isNewest(token: number): Promise<boolean> {
    return Promise.resolve(token === this.#place.token);
  }

  async save(checkpoint: Checkpoint, token: number): Promise<void> {
    if (!(await this.isNewest(token))) throw new SluiceError('LEASE_LOST', `token ${this.#place.token} is newer`);
    this.#place.text = encodeCheckpoint(checkpoint);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
