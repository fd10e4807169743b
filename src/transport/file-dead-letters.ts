import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, DeadLetter, DeadLetters } from '../ports.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { encodeDeadLetter } from './dead-letter-record.ts';

export interface FileDeadLettersOptions {
  readonly path: string;
  readonly clock: Clock;
}

/**
 * Dead letters as lines of JSON (those of the Kafka topic: docs/records.md), the newest last, readable only by the daemon's own user because they hold row values.
 * Appended and fsynced before `keep` resolves. A batch that is delivered again is kept again: a letter may stand there
 * twice, it is never missing. A line that a crash cut off stays as it is; the next one begins on a line of its own.
 */
export class FileDeadLetters implements DeadLetters {
  readonly #path: string;
  readonly #clock: Clock;
  #file: FileHandle | null = null;
  /** Calls of several partitions, one after another. */
  #last: Promise<void> = Promise.resolve();

  constructor({ path, clock }: FileDeadLettersOptions) {
    this.#path = path;
    this.#clock = clock;
  }

  keep(letters: readonly DeadLetter[]): Promise<void> {
    const lines = letters.map((letter) => `${encodeDeadLetter(letter, this.#clock.now())}\n`).join('');
    const kept = this.#last.then(() => this.#append(lines));
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#release();
  }

  async #append(lines: string): Promise<void> {
    try {
      this.#file ??= await openAtLineStart(this.#path);
      await this.#file.appendFile(lines);
      await this.#file.datasync();
    } catch (error) {
      // Opened anew next time, which also looks whether half a line was written.
      await this.#release().catch(() => undefined);
      throw new SluiceError('DEAD_LETTER_FAILED', `${this.#path}: ${errorMessage(error)}`, { cause: error });
    }
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }
}

async function openAtLineStart(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    if (size > 0 && last.toString() !== '\n') await file.appendFile('\n');
    if (size === 0) await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Without this a power cut may forget a new file although its content is safe. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
