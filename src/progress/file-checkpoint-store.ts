import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore } from '../ports.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';

/**
 * The checkpoint as one small file. A save writes a neighbour, fsyncs it, renames it over the old one and fsyncs the
 * folder: a crash leaves the old checkpoint or the new one, never half of one.
 */
export class FileCheckpointStore implements CheckpointStore {
  readonly #path: string;

  constructor(options: { path: string }) {
    this.#path = options.path;
  }

  async load(): Promise<Checkpoint | null> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new SluiceError('CHECKPOINT_UNREADABLE', `${this.#path}: ${errorMessage(error)}`, { cause: error });
    }
    try {
      return decodeCheckpoint(text);
    } catch (error) {
      throw new SluiceError('CHECKPOINT_UNREADABLE', `${this.#path}: ${errorMessage(error)}`, { cause: error });
    }
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const next = `${this.#path}.next`;
      await writeDurably(next, encodeCheckpoint(checkpoint));
      await rename(next, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw new SluiceError('CHECKPOINT_UNAVAILABLE', `${this.#path}: ${errorMessage(error)}`, { cause: error });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without this a power cut may forget the rename although the file itself is safe. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
