import { errorMessage } from '../runtime/errors.ts';
import { decodeDeadLetter, type KeptLetter } from './dead-letter-decoder.ts';

/** One entry where dead letters are kept. */
export interface StoredLetter {
  /** Names it for as long as it stands there: `partition@offset` in a topic, a hash of its text in a file. */
  readonly id: string;
  readonly text: string;
  /** Null: it is damaged. */
  readonly letter: KeptLetter | null;
  /** What is wrong with it; empty if it can be read. */
  readonly damage: string;
}

/** How many letters there are under each id: two with the same text stand in a file under one. */
export type LetterIds = ReadonlyMap<string, number>;

export interface RemovedLetters {
  readonly removed: number;
  /** Asked for, and still there: a topic can only be cut off at its beginning. */
  readonly left: number;
}

/** Where dead letters are kept, for whoever looks after them while daemons add to it. Implementations: FileLetterLog, KafkaLetterLog. */
export interface LetterLog {
  /** Where that is, for people. */
  readonly name: string;
  /** The oldest first, as far as it goes now. Throws the signal's reason when aborted. */
  read(signal: AbortSignal): AsyncIterable<StoredLetter>;
  /** Removes these and nothing else, whatever is added meanwhile. A crash in between leaves some of them; nothing else is lost. */
  remove(ids: LetterIds, signal: AbortSignal): Promise<RemovedLetters>;
  close(): Promise<void>;
}

export function storedLetter(id: string, text: string): StoredLetter {
  try {
    return { id, text, letter: decodeDeadLetter(text), damage: '' };
  } catch (error) {
    return { id, text, letter: null, damage: errorMessage(error) };
  }
}

/** Adds one to what is counted there. */
export function countId(ids: Map<string, number>, id: string): void {
  ids.set(id, (ids.get(id) ?? 0) + 1);
}
