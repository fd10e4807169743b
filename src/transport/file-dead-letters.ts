import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, DeadLetter, DeadLetters } from '../ports.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { encodeDeadLetter } from './dead-letter-record.ts';
import { syncFolder } from './durable-folder.ts';

export interface FileDeadLettersOptions {
  readonly path: string;
  readonly clock: Clock;
}

/**
 * Dead letters as lines of JSON (those of the Kafka topic: docs/records.md), the newest last, readable only by the daemon's own user because they hold row values.
 * Appended and fsynced before `keep` resolves. A batch that is delivered again is kept again: a letter may stand there
 * twice, it is never missing. A line that a crash cut off stays as it is; the next one begins on a line of its own.
 *
 * `sluice dead-letters purge` may move the file aside at any moment (file-letter-parts.ts) and judges what stands in it then. What
 * was written later into a file that no longer has its name is seen by nobody, so it is looked at after each write: if the name
 * means another file by now, the letters are written once more, into that.
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
    if (letters.length === 0) return this.#last;
    const kept = this.#last.then(() => this.#append(letters));
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#release();
  }

  async #append(letters: readonly DeadLetter[]): Promise<void> {
    const timeMs = this.#clock.now();
    try {
      // Mostly it shows before already; then nothing is written twice.
      if (!(await this.#isInPlace())) await this.#release();
      // One at a time: a batch of large rows as one text would weigh as much again.
      for (const letter of letters) await this.#write(Buffer.from(`${encodeDeadLetter(letter, timeMs)}\n`));
      await this.#file?.datasync();
      if (await this.#isInPlace()) return;
      await this.#release();
    } catch (error) {
      // Opened anew next time, which also looks whether half a line was written.
      await this.#release().catch(() => undefined);
      throw new SluiceError('DEAD_LETTER_FAILED', `${this.#path}: ${errorMessage(error)}`, { cause: error });
    }
    await this.#append(letters);
  }

  /** In one call: what others append never comes in between. */
  async #write(line: Buffer): Promise<void> {
    this.#file ??= await openAtLineStart(this.#path);
    const { bytesWritten } = await this.#file.write(line);
    if (bytesWritten < line.length) throw new Error(`only ${bytesWritten} of ${line.length} bytes were written`);
  }

  /** Whether what was written stands in the file that has the name now. */
  async #isInPlace(): Promise<boolean> {
    if (this.#file === null) return false;
    const own = await this.#file.stat();
    const named = await stat(this.#path).catch(() => null);
    return named?.ino === own.ino && named.dev === own.dev;
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
    if (size > 0 && last.toString() !== '\n') await file.write('\n');
    if (size === 0) await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
