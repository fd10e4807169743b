import { NO_VERSION } from '../model/version.ts';
import type { CacheCommand, FlushRequest } from '../ports.ts';
import { JournalChunk, newest } from './journal-chunk.ts';

/** What must be done again, or that nobody remembers all of it. */
export interface Owed {
  /** Those with a version, in any order. */
  readonly commands: readonly CacheCommand[];
  /**
   * Plain deletes, to be done behind all of `commands`: nobody remembers which came last for a key, and a key that is gone is never stale.
   */
  readonly deletes: readonly CacheCommand[];
  readonly flushes: readonly FlushRequest[];
  /** False: more than is remembered may be lost. */
  readonly complete: boolean;
}

export interface JournalOptions {
  /** Keys that are remembered, at least, without those of plain deletes; a key counts once in each chunk. */
  readonly mostKeys?: number;
  /** Of the text of keys, of the commands of plain deletes, and of the chunks themselves. */
  readonly mostBytes?: number;
  readonly chunkKeys?: number;
  readonly chunkBytes?: number;
}

/** A key takes about 60 bytes here, and its text. */
const MOST_KEYS = 100_000;
/** That is 400,000 plain deletes of keys of 16 characters, if many come together. */
const MOST_BYTES = 8 * 1024 * 1024;
const CHUNK_KEYS = 5_000;
const CHUNK_BYTES = 256 * 1024;
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
  #bytes = 0;
  /** Never forgotten. */
  readonly #ownKeys = new Map<string, { readonly mark: number; readonly command: CacheCommand }>();
  #flushes: { readonly mark: number; readonly request: FlushRequest }[] = [];
  /** The newest mark of what was forgotten. */
  #forgotten = -1;

  constructor(options: JournalOptions = {}) {
    const { mostKeys = MOST_KEYS, mostBytes = MOST_BYTES } = options;
    const { chunkKeys = CHUNK_KEYS, chunkBytes = CHUNK_BYTES } = options;
    this.#options = { mostKeys, mostBytes, chunkKeys, chunkBytes };
  }

  /** An UNLINK with all its keys, in the bytes of the protocol: what plain deletes are sent as. */
  noteUnlink(command: Buffer, mark: number): void {
    this.#add(mark, (chunk) => chunk.noteUnlink(command));
  }

  note(command: CacheCommand, mark: number): void {
    const { key } = command;
    if (key.startsWith(OWN_KEYS)) {
      const known = this.#ownKeys.get(key)?.command;
      this.#ownKeys.set(key, { mark, command: newest(known, command) });
      return;
    }
    this.#add(mark, (chunk) => chunk.note(command));
  }

  noteFlush(request: FlushRequest, mark: number): void {
    this.#flushes = this.#flushes.filter((known) => sameKeys(known.request) !== sameKeys(request));
    this.#flushes.push({ mark, request });
    if (this.#flushes.length > MOST_FLUSHES) this.#forget(this.#flushes.shift()?.mark ?? -1);
  }

  /** What was acknowledged since a mark was begun that is the newest one known not to be lost; -1: none is. */
  since(mark: number): Owed {
    const commands = new Map<string, CacheCommand>();
    const unlinked = new Set<string>();
    for (const [key, own] of this.#ownKeys) if (own.mark >= mark) commands.set(key, own.command);
    for (const chunk of this.#chunks) if (chunk.mark >= mark) chunk.copyTo(commands, unlinked);
    return {
      commands: [...commands.values()],
      deletes: [...unlinked].map((key) => ({ kind: 'delete', key, version: NO_VERSION, versioned: false })),
      flushes: this.#flushes.flatMap((flush) => (flush.mark >= mark ? [flush.request] : [])),
      complete: mark > this.#forgotten && mark >= 0,
    };
  }

  #add(mark: number, note: (chunk: JournalChunk) => void): void {
    const chunk = this.#chunkFor(mark);
    const { keys, bytes } = chunk;
    note(chunk);
    this.#keys += chunk.keys - keys;
    this.#bytes += chunk.bytes - bytes;
  }

  #chunkFor(mark: number): JournalChunk {
    const { chunkKeys, chunkBytes } = this.#options;
    const last = this.#chunks.at(-1);
    if (last?.mark === mark && last.keys < chunkKeys && last.bytes < chunkBytes) return last;
    this.#shorten();
    const chunk = new JournalChunk(mark);
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes;
    return chunk;
  }

  #shorten(): void {
    const { mostKeys, mostBytes } = this.#options;
    while (this.#keys >= mostKeys || this.#bytes >= mostBytes) {
      const oldest = this.#chunks.shift();
      if (oldest === undefined) return;
      this.#keys -= oldest.keys;
      this.#bytes -= oldest.bytes;
      this.#forget(oldest.mark);
    }
  }

  #forget(mark: number): void {
    this.#forgotten = Math.max(this.#forgotten, mark);
  }
}

const sameKeys = ({ versioned, forced, pattern }: FlushRequest): string => JSON.stringify([versioned, forced, pattern]);
