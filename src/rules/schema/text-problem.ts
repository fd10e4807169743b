import type { z } from 'zod';

/** Something wrong inside one text of the rule file; `at` counts its characters from 0. */
export interface TextProblem {
  readonly at: number;
  readonly message: string;
  readonly remedy: string;
}

/** What a parser of such a text gives back: the thing itself, or everything that is wrong with it. */
export type Parsed<T> = { readonly ok: T } | { readonly problems: readonly TextProblem[] };

/** One problem is the usual number of problems. */
export function wrong(at: number, message: string, remedy: string): { problems: readonly TextProblem[] } {
  return { problems: [{ at, message, remedy }] };
}

/** Makes a parser a zod transform: its problems become issues that know their character and their remedy. */
export function parsedBy<T>(parse: (text: string) => Parsed<T>): (text: string, context: z.RefinementCtx) => T {
  return (text, context) => {
    const parsed = parse(text);
    if ('ok' in parsed) return parsed.ok;
    for (const { at, message, remedy } of parsed.problems) {
      context.addIssue({ code: 'custom', message, input: text, params: { at, remedy } });
    }
    // The issues make the whole parse fail; only checks across fields still see this value: that there is one.
    return text as never;
  };
}
