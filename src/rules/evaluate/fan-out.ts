import type { Row, RowChange } from '../../model/row-change.ts';
import { SluiceError } from '../../runtime/errors.ts';
import type { KeyBuilder } from '../template/key-builder.ts';
import type { LookupAnswer } from '../lookup/lookup-answers.ts';
import type { LookupRow } from '../lookup/lookup-row.ts';
import type { CompiledRule } from '../rule-set.ts';

/** What the lookup found for each image; the same object when both asked the same. Empty when an image is absent. */
export interface RowAnswers {
  readonly before: LookupAnswer;
  readonly after: LookupAnswer;
}

const NOTHING: LookupAnswer = [];
/** Of a rule without a lookup. */
export const NO_ANSWERS: RowAnswers = { before: NOTHING, after: NOTHING };

/** Where a key came from. */
export interface KeySource {
  readonly template: number;
  /** The row of the lookup it was built with; for a template that reads none of it, the first one, if there is any. */
  readonly lookup: LookupRow | null;
}

export type Keys = ReadonlyMap<string, KeySource>;

const NO_KEYS: Keys = new Map();

export interface FanOutOptions {
  readonly rule: CompiledRule;
  readonly builders: readonly KeyBuilder[];
  /** Per template: does it read the lookup? One that does gives keys for each of its rows, so none if there is none. */
  readonly looksUp: readonly boolean[];
  readonly onNullKey: (rule: string) => void;
}

/** The keys of a rule whose templates may give several for one row, or need a lookup. */
export class FanOut {
  readonly #options: FanOutOptions;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** `gone`: keys only the before image has. Throws RULE_TOO_MANY_KEYS when one image gives more than the rule allows. */
  keysOf({ before, after }: RowChange, answers: RowAnswers): { readonly gone: Keys; readonly present: Keys } {
    const present = after === null ? NO_KEYS : this.#collect(after, answers.after, null);
    if (before === null) return { gone: NO_KEYS, present };
    const unchanged = after === null ? null : this.#unchanged(before, after, answers);
    if (unchanged?.every((each) => each) === true) return { gone: NO_KEYS, present };
    const gone = this.#collect(before, answers.before, unchanged);
    for (const key of present.keys()) gone.delete(key);
    return { gone, present };
  }

  /** Per template: do both images surely give the same keys? */
  #unchanged(before: Row, after: Row, answers: RowAnswers): boolean[] {
    const { builders, looksUp } = this.#options;
    return builders.map(
      (builder, template) =>
        (looksUp[template] !== true || answers.before === answers.after) && builder.unchanged(before, after),
    );
  }

  /** Every key of one image. A NULL is counted, but not again for a template that is unchanged from the other image. */
  #collect(row: Row, found: LookupAnswer, unchanged: readonly boolean[] | null): Map<string, KeySource> {
    const { rule, builders, looksUp, onNullKey } = this.#options;
    const keys = new Map<string, KeySource>();
    builders.forEach((builder, template) => {
      for (const lookup of looksUp[template] === true ? found : [found[0] ?? null]) {
        const built = builder.buildAll(row, lookup, rule.maxKeys);
        if (built !== null) for (const key of built) if (!keys.has(key)) keys.set(key, { template, lookup });
        if (built === null && unchanged?.[template] !== true) onNullKey(rule.name);
        if (keys.size > rule.maxKeys) {
          throw new SluiceError(
            'RULE_TOO_MANY_KEYS',
            `rule \`${rule.name}\`: a row gives more than ${rule.maxKeys} keys`,
          );
        }
      }
    });
    return keys;
  }
}
