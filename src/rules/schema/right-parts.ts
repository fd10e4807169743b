import type { z } from 'zod';
import {
  defaultsSchema,
  ruleSchema,
  type ParsedDefaults,
  type ParsedRule,
  type ruleFileSchema,
} from './rule-schema.ts';
import { halfRule, type HalfRule } from './half-rules.ts';
import { isMapping } from './schema-values.ts';

/** The parts of a rule file that are right by themselves. */
export interface RightParts {
  /** As written, also beside mistakes in some of them; null: nobody can say which there are meant to be. */
  readonly constants: Readonly<Record<string, unknown>> | null;
  /** Null: there is a mistake in them. */
  readonly defaults: ParsedDefaults | null;
  readonly rules: readonly { readonly rule: ParsedRule; readonly index: number }[];
  /** Rules with a mistake in them. */
  readonly halves: readonly HalfRule[];
}

type Checked = { readonly ok: true; readonly value: z.output<typeof ruleFileSchema> } | { readonly ok: false };

/** `checked`: what the schema of the whole file says of it. */
export function rightParts(value: unknown, checked: Checked): RightParts {
  if (checked.ok) {
    const { constants = {}, defaults = {}, rules } = checked.value;
    return { constants, defaults, rules: rules.map((rule, index) => ({ rule, index })), halves: [] };
  }
  const { constants, defaults, rules } = isMapping(value) ? value : {};
  const each = (Array.isArray(rules) ? rules : []).map((written: unknown, index) => ({
    rule: ruleSchema.safeParse(written).data,
    written,
    index,
  }));
  return {
    constants: isMapping(constants) ? constants : constants === undefined ? {} : null,
    defaults: defaultsSchema.safeParse(defaults ?? {}).data ?? null,
    rules: each.flatMap(({ rule, index }) => (rule === undefined ? [] : [{ rule, index }])),
    halves: each.flatMap(({ rule, written, index }) => (rule === undefined ? [halfRule(written, index)] : [])),
  };
}
