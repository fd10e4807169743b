import { SluiceError } from '../../src/runtime/errors.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

/** An input in pieces: packets of a stream, requests of a connection, or one text. */
export type Input = readonly Buffer[];

export interface Target {
  readonly name: string;
  /** Of 100 inputs. */
  readonly share: number;
  make(random: Random): Input;
  /** Returns what became of the input; throws what must never happen: a refusal without a code, a broken promise. */
  run(input: Input): string | Promise<string>;
  close?(): Promise<void>;
}

/** `accepted`, or the code of the refusal. Any other error is a finding. */
export function outcomeOf(use: () => unknown): string {
  try {
    use();
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

export function codeOf(error: unknown): string {
  if (error instanceof SluiceError) return error.code;
  throw error;
}

/** One of the corpus, changed a few times. */
export function mutated(corpus: readonly Buffer[], random: Random): Buffer {
  let bytes = random.pick(corpus) ?? Buffer.alloc(0);
  const changes = random.below(6);
  for (let done = 0; done < changes; done++) bytes = mutate(bytes, random, random.pick(corpus) ?? bytes);
  return bytes;
}
