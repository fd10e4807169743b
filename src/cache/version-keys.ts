import { hashTag, keySlot, SLOTS } from './key-slot.ts';

const PREFIX = 'sluice:v:';

/**
 * Names the key that holds the version of a cache key. Two promises: it lies in the same cluster slot, because one
 * script touches both, and no two cache keys share one, else a newer version of the one would hide changes of the other.
 *
 *   cache key              version key                       why
 *   product:7              sluice:v:{product:7}              braces make the whole key the hash tag
 *   user:{42}:name         sluice:v:{42}:user:{42}:name      its own hash tag, then the key
 *   a}b   {}x   (empty)    sluice:v:{1234}:a}b               no tag can hold such a key (a tag ends at the first `}`):
 *                                                            a number that falls in the key's slot, then the key
 *
 * Only the first form ends at its first `}`, and after the others' first `}:` stands the whole key: none can be
 * mistaken for another. (`sluice:v:` + key for tagged keys would give `abc` and `{abc}` the same name.)
 */
export class VersionKeys {
  /** For each slot the smallest number in it; filled when the first odd key comes, a few ms once. */
  readonly #numbers: string[] = [];

  of(key: string): string {
    if (key !== '' && !key.includes('}')) return `${PREFIX}{${key}}`;
    return `${PREFIX}{${hashTag(key) ?? this.numberIn(keySlot(key))}}:${key}`;
  }

  /** The other way round; null: it is none. */
  keyOf(versionKey: string): string | null {
    const close = versionKey.indexOf('}');
    if (!versionKey.startsWith(`${PREFIX}{`) || close === -1) return null;
    if (close === versionKey.length - 1) return versionKey.slice(PREFIX.length + 1, close);
    return versionKey[close + 1] === ':' ? versionKey.slice(close + 2) : null;
  }

  /** The glob of the names for all keys that a glob matches, and for some that contain what it matches. */
  patternOf(keys: string): string {
    return `${PREFIX}{*${keys}*`;
  }

  /** A hash tag of this slot. */
  numberIn(slot: number): string {
    if (this.#numbers.length === 0) this.#fill();
    return this.#numbers[slot] ?? '';
  }

  #fill(): void {
    for (let number = 0, missing = SLOTS; missing > 0; number++) {
      const slot = keySlot(String(number));
      if (this.#numbers[slot] !== undefined) continue;
      this.#numbers[slot] = String(number);
      missing--;
    }
  }
}
