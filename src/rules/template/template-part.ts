import type { FilterArgument } from './filters/filter.ts';

/** Where a placeholder's value comes from. */
export type TemplateSource =
  /** `{name}`: a column of the changed row. */
  | { readonly kind: 'column'; readonly name: string }
  /** `{lookup.name}`: a column of the rows the rule's lookup finds. */
  | { readonly kind: 'lookup'; readonly name: string }
  /** `{$name}`, `{$1}`: a constant of the file, or a capture of the table's regular expression. */
  | { readonly kind: 'variable'; readonly name: string }
  /** `{@table}`, `{@database}`, `{@epoch}`: the changed table's. */
  | { readonly kind: 'table' | 'database' | 'epoch' };

export interface FilterCall {
  readonly name: string;
  /** Checked: of the right number, types and meaning. */
  readonly values: readonly FilterArgument[];
  /** The character where its name begins. */
  readonly at: number;
}

/** What stands between braces. `at` is the character where its name begins, counted from 0. */
export interface Placeholder {
  readonly source: TemplateSource;
  readonly at: number;
  /** `{name[*]}`: one key per element of a JSON array. */
  readonly spread: boolean;
  readonly filters: readonly FilterCall[];
}

export type TemplatePart = string | Placeholder;
