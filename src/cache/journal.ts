import type { CacheCommand, FlushRequest } from '../ports.ts';
import { JournalChunk, newest } from './journal-chunk.ts';

/** What must be done again, or that nobody remembers all of it. */
export interface Owed {
  readonly commands: readonly CacheCommand[];
  readonly flushes: readonly FlushRequest[];
  /** False: more than is remembered may be lost. */
  readonly complete: boolean;
}

export interface JournalOptions {
  /** Keys that are remembered, at least; a key counts once in each chunk. */
  readonly mostKeys?: number;
  readonly mostChars?: number;
  readonly chunkKeys?: number;
}

/** A key takes about 60 bytes here, and its text. */
const MOST_KEYS = 100_000;
const MOST_CHARS = 8 * 1024 * 1024;
const CHUNK_KEYS = 5_000;
const MOST_FLUSHES = 1_000;
/** Epochs: a table has one, so they are few, and no flush of the cache would bring them back. */
const OWN_KEYS = 'sluice:';

/**
 * The newest of what was acknowledged, so that it can be done again on a server that turns out to lack it. Repeating is safe: deletes
 * repeat, and everything else carries its version. It is forgotten in chunks, the oldest first: a map out of which single
 * entries were taken would be searched longer and longer for the oldest one.
 */
export class Journal {
  readonly #options: Required<JournalOptions>;
  readonly #chunks: JournalChunk[] = [];
  #keys = 0;
  #chars = 0;
  /** Never forgotten. */
  readonly #ownKeys = new Map<string, { readonly mark: number; readonly command: CacheCommand }>();
  #flushes: { readonly mark: number; readonly request: FlushRequest }[] = [];
  /** The newest mark of what was forgotten. */
  #forgotten = -1;

  constructor({ mostKeys = MOST_KEYS, mostChars = MOST_CHARS, chunkKeys = CHUNK_KEYS }: JournalOptions = {}) {
    this.#options = { mostKeys, mostChars, chunkKeys };
  }

  note(command: CacheCommand, mark: number): void {
    const { key } = command;
    if (key.startsWith(OWN_KEYS)) {
      const known = this.#ownKeys.get(key)?.command;
      this.#ownKeys.set(key, { mark, command: newest(known, command) });
      return;
    }
    if (!this.#chunkFor(mark).note(command)) return;
    this.#keys++;
    this.#chars += key.length;
  }

  noteFlush(request: FlushRequest, mark: number): void {
    this.#flushes = this.#flushes.filter((known) => sameKeys(known.request) !== sameKeys(request));
    this.#flushes.push({ mark, request });
    if (this.#flushes.length > MOST_FLUSHES) this.#forget(this.#flushes.shift()?.mark ?? -1);
  }

  /** What was acknowledged since a mark was begun that is the newest one known not to be lost; -1: none is. */
  since(mark: number): Owed {
    const commands = new Map<string, CacheCommand>();
    for (const [key, own] of this.#ownKeys) if (own.mark >= mark) commands.set(key, own.command);
    for (const chunk of this.#chunks) if (chunk.mark >= mark) chunk.copyTo(commands);
    return {
      commands: [...commands.values()],
      flushes: this.#flushes.flatMap((flush) => (flush.mark >= mark ? [flush.request] : [])),
      complete: mark > this.#forgotten && mark >= 0,
    };
  }

  #chunkFor(mark: number): JournalChunk {
    const last = this.#chunks.at(-1);
    if (last?.mark === mark && last.size < this.#options.chunkKeys) return last;
    this.#shorten();
    const chunk = new JournalChunk(mark);
    this.#chunks.push(chunk);
    return chunk;
  }

  #shorten(): void {
    const { mostKeys, mostChars } = this.#options;
    while (this.#keys >= mostKeys || this.#chars >= mostChars) {
      const oldest = this.#chunks.shift();
      if (oldest === undefined) return;
      this.#keys -= oldest.size;
      this.#chars -= oldest.chars;
      this.#forget(oldest.mark);
    }
  }

  #forget(mark: number): void {
    this.#forgotten = Math.max(this.#forgotten, mark);
  }
}

const sameKeys = ({ versioned, forced, pattern }: FlushRequest): string => JSON.stringify([versioned, forced, pattern]);
