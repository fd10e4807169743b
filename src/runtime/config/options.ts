/** Walks the schema and lists every option: the source of environment names, of the documentation, and of a test. */
import { z } from 'zod';
import { optionNotes } from './fields.ts';
import { configSchema } from './schema.ts';

/** How a text from the environment is read. */
export type OptionKind = 'text' | 'integer' | 'boolean' | 'list';

export interface Option {
  /** `*` stands for the index of a list item. */
  readonly path: readonly string[];
  /** The environment variable, with `<n>` for the index of a list item. */
  readonly env: string;
  readonly kind: OptionKind;
  readonly type: string;
  /** As it would be written; undefined: required. */
  readonly default: string | undefined;
  readonly description: string;
  /** Only with this variant of its section, such as `kind: kafka`. */
  readonly variant: string | undefined;
}

export function listOptions(): Option[] {
  return walk(configSchema, [], undefined);
}

/** An option of two variants (`transport.partitions`) is listed twice; this is the one list without repetition. */
export function distinctOptions(): Option[] {
  return [...new Map(listOptions().map((option) => [option.env, option])).values()];
}

export function envName(path: readonly (string | number)[]): string {
  return ['SLUICE', ...path.map((part) => (part === '*' ? '<n>' : String(part).toUpperCase()))].join('_');
}

type Schema = z.core.$ZodType;

function walk(schema: Schema, path: readonly string[], variant: string | undefined): Option[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, Schema>).flatMap(([name, child]) =>
      walk(child, [...path, name], variant),
    );
  }
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const by = (inner.def as { discriminator: string }).discriminator;
    return inner.options.flatMap((option: Schema) => walk(option, path, `${by}: ${discriminator(option, by)}`));
  }
  if (inner instanceof z.ZodUnion) {
    const sections = inner.options.filter((option: Schema) => option instanceof z.ZodObject);
    return [leaf(schema, path, variant), ...sections.flatMap((section: Schema) => walk(section, path, variant))];
  }
  if (inner instanceof z.ZodArray && unwrap(inner.element) instanceof z.ZodObject) {
    return walk(inner.element, [...path, '*'], variant);
  }
  return [leaf(schema, path, variant)];
}

function leaf(schema: Schema, path: readonly string[], variant: string | undefined): Option {
  const { note, description } = documented(schema);
  if (note === undefined || description === undefined) throw new Error(`option ${path.join('.')} is not documented`);
  const facts = { type: note.type, default: note.default, description, variant };
  return { path, env: envName(path), kind: kindOf(unwrap(schema)), ...facts };
}

function kindOf(schema: Schema): OptionKind {
  if (schema instanceof z.ZodNumber) return 'integer';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodUnion && schema.options.some((option: Schema) => option instanceof z.ZodArray))
    return 'list';
  return 'text';
}

/** Without default, optional, and what the value is turned into: the schema of what is written. */
function unwrap(schema: Schema): Schema {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

function documented(schema: Schema) {
  return { note: optionNotes.get(schema), description: z.globalRegistry.get(schema)?.description };
}

function discriminator(option: Schema, by: string): string {
  const literal =
    option instanceof z.ZodObject ? unwrap((option.shape as Record<string, Schema>)[by] ?? option) : option;
  return literal instanceof z.ZodLiteral ? String(literal.value) : '';
}
