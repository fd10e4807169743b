import type { Invalidation } from '../model/invalidation.ts';
import { RowDelete } from '../model/row-invalidations.ts';
import type { CacheCommand, CacheOutcome, DeadLetter } from '../ports.ts';
import type { InvalidationItem } from './coalesce.ts';
import type { Outcome, OutcomeTally } from './outcome-tally.ts';
import { removal, type RefreshResult } from './plan-refresh.ts';

type Verdict = { readonly outcome: 'unknown_rule' } | { readonly outcome: 'dead_letter'; readonly reason: string };

/** The coalesced items of one batch on their way: `commands[i]` is what `items[i]` asks of the cache. */
export class BatchWork {
  readonly items: readonly InvalidationItem[];
  readonly commands: CacheCommand[];
  /** Only those that do not end as the cache answers. */
  readonly #verdicts = new Map<number, Verdict>();

  constructor(items: readonly InvalidationItem[]) {
    this.items = items;
    this.commands = items.map(({ invalidation }) => commandOf(invalidation));
  }

  /** What a refresh came to. */
  settle(index: number, result: RefreshResult): void {
    if (result.kind === 'command') this.commands[index] = result.command;
    else this.giveUp(index, result.reason);
  }

  /** Nobody knows what the key should hold any more: it is deleted. */
  unknownRule(index: number): void {
    this.#verdicts.set(index, { outcome: 'unknown_rule' });
  }

  /** It can never be carried out: a dead letter, and its key is deleted. The first reason stays. */
  giveUp(index: number, reason: string): void {
    const item = this.items[index];
    if (item === undefined || this.#verdicts.get(index)?.outcome === 'dead_letter') return;
    this.#verdicts.set(index, { outcome: 'dead_letter', reason });
    this.commands[index] = removal(item.invalidation);
  }

  deadLetters(target: string): DeadLetter[] {
    return [...this.#verdicts].flatMap(([index, verdict]) => {
      const item = this.items[index];
      return item !== undefined && verdict.outcome === 'dead_letter' ? [{ reason: verdict.reason, item, target }] : [];
    });
  }

  tally(outcomes: readonly CacheOutcome[], tally: OutcomeTally): void {
    const { items } = this;
    const verdicts = this.#verdicts.size === 0 ? null : this.#verdicts;
    // Neighbours mostly come from the same rule and end alike: they are counted together.
    let begin = 0;
    let rule = '';
    let outcome: Outcome = 'applied';
    for (let index = 0; index < items.length; index++) {
      const { rule: next = '' } = items[index]?.invalidation ?? {};
      const answered = outcomes[index] === 'newer' ? 'newer' : 'applied';
      const ended = verdicts?.get(index)?.outcome ?? answered;
      if (next === rule && ended === outcome) continue;
      if (index > begin) tally.add(rule, outcome, index - begin);
      [begin, rule, outcome] = [index, next, ended];
    }
    if (items.length > begin) tally.add(rule, outcome, items.length - begin);
  }
}

/** Of a refresh, until it is planned, and if it can never be: the key is taken away. */
function commandOf(invalidation: Invalidation): CacheCommand {
  if (invalidation instanceof RowDelete) return invalidation;
  const { action, key, version } = invalidation;
  if (action === 'delete') return { kind: 'delete', key, version, versioned: invalidation.versioned };
  if (action === 'epoch') return { kind: 'set', key, version, value: String(version), ttlMs: null };
  if (action === 'flush') throw new Error('a flush among ordinary items');
  return removal(invalidation);
}
