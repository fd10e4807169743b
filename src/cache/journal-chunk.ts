import type { CacheCommand } from '../ports.ts';

/** Longer values are not kept: their keys are deleted instead, which is never stale. */
const LONGEST_VALUE = 100;

/**
 * What was acknowledged in a row, while no newer mark had been begun; of each key the newest. Nearly all of it are plain deletes of
 * keys that come once: of those no object is kept, because the garbage collector would have to move it.
 */
export class JournalChunk {
  /** It is certain only behind a later one. */
  readonly mark: number;
  /** Characters of its keys. */
  chars = 0;
  /** Of plain deletes; the version of each stands at the same place in `#versions`. */
  readonly #keys = new Set<string>();
  readonly #versions: number[] = [];
  /** Everything else, and from the second one on whatever came for a key. */
  readonly #others = new Map<string, CacheCommand>();
  /** Keys that are in `#others` alone. */
  #otherKeys = 0;

  constructor(mark: number) {
    this.mark = mark;
  }

  /** How many keys. */
  get size(): number {
    return this.#keys.size + this.#otherKeys;
  }

  /** False: the key was known. */
  note(command: CacheCommand): boolean {
    const { key } = command;
    const others = this.#others;
    const isKnown = others.size > 0 && others.has(key);
    if (!isKnown && command.kind === 'delete' && !command.versioned) {
      const keys = this.#keys;
      const { size } = keys;
      // The size tells whether it is new: to ask before would look for it twice.
      if (keys.add(key).size > size) {
        this.#versions.push(command.version);
        this.chars += key.length;
        return true;
      }
    }
    others.set(key, newest(others.get(key), command));
    if (isKnown || this.#keys.has(key)) return false;
    this.#otherKeys++;
    this.chars += key.length;
    return true;
  }

  /** Adds the newest of each key. */
  copyTo(commands: Map<string, CacheCommand>): void {
    let place = 0;
    for (const key of this.#keys) {
      const version = this.#versions[place++] ?? 0;
      commands.set(key, newest(commands.get(key), { kind: 'delete', key, version, versioned: false }));
    }
    for (const [key, command] of this.#others) commands.set(key, newest(commands.get(key), command));
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
