import type { CacheCommand } from '../ports.ts';
import { AppendedBytes } from '../runtime/appended-bytes.ts';
import { argumentsIn } from './encoded-command.ts';

/** Longer values are not kept: their keys are deleted instead, which is never stale. */
const LONGEST_VALUE = 100;
/** What a chunk takes beside what it holds, about: on a quiet day each second has one. */
const CHUNK_COST = 512;

/**
 * What was acknowledged in a row, while no newer mark had been begun. Nearly all of it are plain deletes: of those the commands are kept
 * as they were sent, because a string for each key would have to be moved by the garbage collector, and looked for in a set.
 */
export class JournalChunk {
  /** It is certain only behind a later one. */
  readonly mark: number;
  readonly #unlinks = new AppendedBytes();
  /** Everything else; of each key the newest. */
  readonly #others = new Map<string, CacheCommand>();
  #otherChars = 0;

  constructor(mark: number) {
    this.mark = mark;
  }

  /** Keys, without those of plain deletes. */
  get keys(): number {
    return this.#others.size;
  }

  get bytes(): number {
    return CHUNK_COST + this.#unlinks.capacity + this.#otherChars;
  }

  noteUnlink(command: Buffer): void {
    this.#unlinks.add(command, 0, command.length);
  }

  note(command: CacheCommand): void {
    const { key } = command;
    const known = this.#others.get(key);
    if (known === undefined) this.#otherChars += key.length;
    this.#others.set(key, newest(known, command));
  }

  /** Adds the newest of each key, and the keys of plain deletes. */
  copyTo(commands: Map<string, CacheCommand>, unlinked: Set<string>): void {
    for (const [key, command] of this.#others) commands.set(key, newest(commands.get(key), command));
    for (const key of argumentsIn(this.#unlinks.bytes)) unlinked.add(key);
  }
}

export function newest(known: CacheCommand | undefined, command: CacheCommand): CacheCommand {
  return known !== undefined && known.version > command.version ? known : withoutValue(command);
}

/** Long values are let go at once. */
function withoutValue(command: CacheCommand): CacheCommand {
  const { kind, key, version } = command;
  if (kind === 'delete') return { kind, key, version, versioned: command.versioned };
  if (typeof command.value === 'string' && command.value.length <= LONGEST_VALUE) return command;
  return { kind: 'delete', key, version, versioned: true };
}
