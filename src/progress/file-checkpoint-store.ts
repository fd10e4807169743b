import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../ports.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';
import { syncFolder, writeDurably } from './durable-file.ts';
import { findSlots, slotPath, type Slot } from './file-checkpoint-slots.ts';

/** What a claimed slot holds while there is no checkpoint; not empty, as a damaged one may be. */
const CLAIMED = 'claimed\n';

/**
 * The checkpoint as a small file for each fencing token, of which the newest counts: a process that was stopped in the middle of
 * a save, and woke up after another took over, can only write where nobody looks any more. A claim begins with a copy of
 * the file before it. A save writes a neighbour, fsyncs it, renames it over its slot and fsyncs the folder: a crash leaves
 * the old checkpoint or the new one, never half of one.
 */
export class FileCheckpointStore implements CheckpointStore {
  readonly #path: string;
  /** The token whose older slots are removed. */
  #tidied = 0;

  constructor(options: { path: string }) {
    this.#path = options.path;
  }

  async load(): Promise<Checkpoint | null> {
    const read = await this.#readNewest();
    if (read === null || read.content.equals(Buffer.from(CLAIMED))) return null;
    try {
      return decodeCheckpoint(read.content.toString('utf8'));
    } catch (error) {
      throw this.#error('CHECKPOINT_UNREADABLE', error, read.slot.path);
    }
  }

  async claim(): Promise<number> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      for (;;) {
        const before = await this.#readNewest();
        const token = (before?.slot.token ?? 0) + 1;
        if (await this.#create(token, before?.content ?? Buffer.from(CLAIMED))) return token;
      }
    } catch (error) {
      throw this.#error('CHECKPOINT_UNAVAILABLE', error);
    }
  }

  async isNewest(token: number): Promise<boolean> {
    try {
      return ((await findSlots(this.#path))[0]?.token ?? 0) <= token;
    } catch (error) {
      throw this.#error('CHECKPOINT_UNAVAILABLE', error);
    }
  }

  async save(checkpoint: Checkpoint, token: number): Promise<void> {
    await this.#refuseOld(token);
    try {
      const path = slotPath(this.#path, token);
      await mkdir(dirname(path), { recursive: true });
      await writeDurably(`${path}.next`, encodeCheckpoint(checkpoint));
      await rename(`${path}.next`, path);
      await syncFolder(dirname(path));
      if (this.#tidied !== token) await this.#tidy(token);
    } catch (error) {
      throw this.#error('CHECKPOINT_UNAVAILABLE', error);
    }
    // Whoever claimed in between copied what was there before, or this: either way ours counts no more.
    await this.#refuseOld(token);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #refuseOld(token: number): Promise<void> {
    if (await this.isNewest(token)) return;
    throw new SluiceError('LEASE_LOST', `${this.#path}: another process has claimed a token newer than ${token}`);
  }

  /** False: somebody else has just taken that token. A link, unlike a rename, never replaces anything. */
  async #create(token: number, content: Buffer): Promise<boolean> {
    const draft = `${this.#path}.${randomUUID()}.next`;
    try {
      await writeDurably(draft, content);
      await link(draft, slotPath(this.#path, token));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
    await syncFolder(dirname(this.#path));
    return true;
  }

  /**
   * Null: nobody ever claimed or saved. Looks again when the newest was removed for a newer one before it was read; the same one,
   * listed and not there twice, is a link to nowhere. What cannot be read now says nothing about the checkpoint: it is no damage.
   */
  async #readNewest(): Promise<{ readonly slot: Slot; readonly content: Buffer } | null> {
    for (let path = this.#path, missing = ''; ; missing = path) {
      try {
        const [slot] = await findSlots(this.#path);
        if (slot === undefined) return null;
        path = slot.path;
        return { slot, content: await readFile(path) };
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
        if (!isGone || path === missing) throw this.#error('CHECKPOINT_UNAVAILABLE', error, path);
      }
    }
  }

  async #tidy(token: number): Promise<void> {
    const older = (await findSlots(this.#path)).filter((slot) => slot.token < token);
    for (const { path } of older) await rm(path, { force: true });
    this.#tidied = token;
  }

  #error(code: 'CHECKPOINT_UNREADABLE' | 'CHECKPOINT_UNAVAILABLE', cause: unknown, path = this.#path): SluiceError {
    if (cause instanceof SluiceError) return cause;
    return new SluiceError(code, `${path}: ${errorMessage(cause)}`, { cause });
  }
}
