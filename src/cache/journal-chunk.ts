import { NO_VERSION } from '../model/version.ts';
import type { CacheCommand } from '../ports.ts';
import { argumentsIn } from './encoded-command.ts';

/** Longer values are not kept: their keys are deleted instead, which is never stale. */
const LONGEST_VALUE = 100;
const FIRST_BYTES = 1_024;

/**
 * What was acknowledged in a row, while no newer mark had been begun. Nearly all of it are plain deletes: of those the commands are kept
 * as they were sent, because a string for each key would have to be moved by the garbage collector, and looked for in a set.
 */
export class JournalChunk {
  /** It is certain only behind a later one. */
  readonly mark: number;
  #unlinks = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #unlinkBytes = 0;
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
    return this.#unlinkBytes + this.#otherChars;
  }

  noteUnlink(command: Buffer): void {
    const needed = this.#unlinkBytes + command.length;
    if (needed > this.#unlinks.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#unlinks.length));
      this.#unlinks.copy(larger, 0, 0, this.#unlinkBytes);
      this.#unlinks = larger;
    }
    command.copy(this.#unlinks, this.#unlinkBytes);
    this.#unlinkBytes = needed;
  }

  note(command: CacheCommand): void {
    const { key } = command;
    const known = this.#others.get(key);
    if (known === undefined) this.#otherChars += key.length;
    this.#others.set(key, newest(known, command));
  }

  /** Adds the newest of each key. */
  copyTo(commands: Map<string, CacheCommand>): void {
    for (const [key, command] of this.#others) commands.set(key, newest(commands.get(key), command));
    for (const key of argumentsIn(this.#unlinks.subarray(0, this.#unlinkBytes))) {
      // Nobody knows which of both came last: an empty key is right either way.
      const { version, versioned } = asDelete(commands.get(key));
      commands.set(key, { kind: 'delete', key, version, versioned });
    }
  }
}

export function newest(known: CacheCommand | undefined, command: CacheCommand): CacheCommand {
  return known !== undefined && known.version > command.version ? known : withoutValue(command);
}

/** With a version if the other command had one: it stays in the cache. */
function asDelete(known: CacheCommand | undefined): { readonly version: number; readonly versioned: boolean } {
  if (known === undefined) return { version: NO_VERSION, versioned: false };
  return { version: known.version, versioned: known.kind !== 'delete' || known.versioned };
}

/** Long values are let go at once. */
function withoutValue(command: CacheCommand): CacheCommand {
  const { kind, key, version } = command;
  if (kind === 'delete') return { kind, key, version, versioned: command.versioned };
  if (typeof command.value === 'string' && command.value.length <= LONGEST_VALUE) return command;
  return { kind: 'delete', key, version, versioned: true };
}
