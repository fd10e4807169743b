/** A rule file that must be refused. */
export interface WrongFile {
  /** What is wrong with it, in words. */
  readonly title: string;
  readonly text: string;
  /** `line:column message` of every problem, in order. */
  readonly problems: readonly string[];
  /** Whether the JSON Schema can say it too, so that editors underline it. */
  readonly editor: boolean;
}

/** A file with one rule: `options` from line 3 on, and below whatever else a rule must have. */
export function rule(options: string): string {
  const rest = ['table: shop.t', 'keys: ["a:{id}"]', 'action: delete'].filter(
    (line) => !new RegExp(`^${line.slice(0, line.indexOf(':') + 1)}`, 'm').test(options),
  );
  return `rules:\n  - name: a\n${[...options.split('\n'), ...rest].map((line) => `    ${line}\n`).join('')}`;
}

/** The same below other sections, which begin at line 1. */
export const under = (sections: string, options: string): string => `${sections}\n${rule(options)}`;
