import { createHash } from 'node:crypto';
import type { Clock } from '../ports.ts';
import { letterParts, linesOfPart, moveAside, replacePart } from './file-letter-parts.ts';
import { storedLetter, type LetterIds, type LetterLog, type RemovedLetters, type StoredLetter } from './letter-log.ts';

export interface FileLetterLogOptions {
  readonly path: string;
  readonly clock: Clock;
}

/** The dead letters of `sluice run`; a daemon may write to the file all the time. */
export class FileLetterLog implements LetterLog {
  readonly #path: string;
  readonly #clock: Clock;

  constructor({ path, clock }: FileLetterLogOptions) {
    this.#path = path;
    this.#clock = clock;
  }

  get name(): string {
    return this.#path;
  }

  async *read(signal: AbortSignal): AsyncGenerator<StoredLetter> {
    for (const part of await letterParts(this.#path)) {
      for await (const line of linesOfPart(part)) {
        signal.throwIfAborted();
        yield storedLetter(idOf(line), line);
      }
    }
  }

  async remove(ids: LetterIds, signal: AbortSignal): Promise<RemovedLetters> {
    const wanted = new Map(ids);
    await moveAside(this.#path, this.#clock.now());
    let removed = 0;
    // What is there again under the name was made by a daemon after that.
    for (const part of (await letterParts(this.#path)).filter((each) => each !== this.#path)) {
      signal.throwIfAborted();
      removed += await removeFrom(part, wanted);
    }
    return { removed, left: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function removeFrom(part: string, wanted: Map<string, number>): Promise<number> {
  const staying: string[] = [];
  let removed = 0;
  for await (const line of linesOfPart(part)) {
    const id = idOf(line);
    const count = wanted.get(id) ?? 0;
    if (count > 0) {
      wanted.set(id, count - 1);
      removed++;
    } else staying.push(line);
  }
  if (removed > 0 || staying.length === 0) await replacePart(part, staying);
  return removed;
}

function idOf(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 16);
}
