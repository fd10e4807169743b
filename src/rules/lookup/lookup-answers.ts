import { LRUCache } from 'lru-cache';
import type { LookupRow } from './lookup-row.ts';
import type { CompiledLookup } from '../rule-set.ts';

/** What a lookup found for one list of parameters. */
export type LookupAnswer = readonly LookupRow[];

/**
 * The answers a rule's lookup remembers, at most as many as the rule allows; one of several rows counts as that many.
 *
 * A row change of one of the lookup's tables makes all of them forgotten: which answers it touches, only the query could tell.
 * An answer is therefore never older than what has been read from the log, if two things hold: everything in a batch that
 * makes them forgotten does so before the first question of the batch is asked, and the questions wait until the newest
 * such transaction is visible (`newest`). The second is why a transaction that only forgets counts too: the answers of an
 * earlier row in the same batch would else be read before it, and be remembered behind it.
 */
export class LookupAnswers {
  readonly #answers: LRUCache<string, LookupAnswer> | null;
  #newest: string | null = null;

  constructor({ maxCached }: Pick<CompiledLookup, 'maxCached'>) {
    this.#answers =
      maxCached === 0
        ? null
        : new LRUCache({
            max: maxCached,
            maxSize: maxCached,
            sizeCalculation: ({ length }) => Math.max(1, length),
          });
  }

  /** GTID of the newest transaction with a row of the rule, or of a table it looks into; null without GTIDs. */
  get newest(): string | null {
    return this.#newest;
  }

  /** A row of the rule asks. */
  seen(gtid: string | null): void {
    this.#newest = gtid;
  }

  forget(gtid: string | null): void {
    this.#newest = gtid;
    this.#answers?.clear();
  }

  get(question: string): LookupAnswer | undefined {
    return this.#answers?.get(question);
  }

  remember(question: string, answer: LookupAnswer): void {
    this.#answers?.set(question, answer);
  }
}
