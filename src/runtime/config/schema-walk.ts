import type { z } from 'zod';
import type { Path } from './path.ts';

/** What is read of a zod schema: its kind, its parts, its description. The same for every zod version 4. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}

/**
 * The names of the options a mapping at `path` may have. With the `value` of the whole document, of several variants
 * (`kind: kafka`) only the one that is written counts; without it, all.
 */
export function optionsAt(schema: z.core.$ZodType, path: Path, value?: unknown): string[] {
  return [...new Set(schemasAt(schema, path, value).flatMap((each) => Object.keys(definition(each).shape ?? {})))];
}

/** The description of the option at `path`, or undefined if it has none. */
export function descriptionAt(schema: z.core.$ZodType, path: Path, value?: unknown): string | undefined {
  return schemasAt(schema, path, value)
    .map((each) => (each as { description?: string }).description)
    .find((text) => text !== undefined);
}

/** The options that tell the variants at `path` apart, such as `kind`. */
export function discriminatorsAt(schema: z.core.$ZodType, path: Path): string[] {
  return schemasAt(schema, path, undefined).flatMap((each) => definition(each).discriminator ?? []);
}

/** The schema of the value at `path` with all it is wrapped in, such as its transform; undefined if there is none. */
export function schemaAt(schema: z.core.$ZodType, path: Path, value: unknown): z.core.$ZodType | undefined {
  return schemasAt(schema, path, value)[0];
}

function schemasAt(schema: z.core.$ZodType, path: Path, value: unknown): z.core.$ZodType[] {
  let schemas = unwrap(schema, value);
  let inside = value;
  for (const part of path) {
    inside = field(inside, part);
    schemas = schemas.flatMap((each) => child(each, part)).flatMap((each) => unwrap(each, inside));
  }
  return schemas;
}

/** The schema itself and all it is wrapped around: optional, default, transform, the branches of a union. */
function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType[] {
  const { innerType, in: input, out } = definition(schema);
  const inner = [innerType, input, out, ...branches(schema, value)].filter((each) => each !== undefined);
  return [schema, ...inner.flatMap((each) => unwrap(each, value))];
}

function branches(schema: z.core.$ZodType, value: unknown): readonly z.core.$ZodType[] {
  const { options = [], discriminator } = definition(schema);
  if (discriminator === undefined || typeof value !== 'object' || value === null) return options;
  const chosen = field(value, discriminator);
  const meant = options.filter((option) => literals(option, discriminator).includes(chosen));
  return meant.length > 0 ? meant : options;
}

/** What the discriminator may be in this branch; undefined among it where it may be left out. */
function literals(branch: z.core.$ZodType, discriminator: string): unknown[] {
  const schema = definition(branch).shape?.[discriminator];
  return schema === undefined
    ? []
    : unwrap(schema, undefined).flatMap((each) =>
        definition(each).type === 'optional' ? [undefined] : (definition(each).values ?? []),
      );
}

const field = (value: unknown, part: string | number): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, part)
    ? (value as Readonly<Record<string | number, unknown>>)[part]
    : undefined;

function child(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  const { shape, element, valueType } = definition(schema);
  const named = shape !== undefined && Object.hasOwn(shape, part) ? shape[part] : undefined;
  const found = typeof part === 'number' ? (element ?? valueType) : (named ?? valueType);
  return found === undefined ? [] : [found];
}

const definition = (schema: z.core.$ZodType): Definition => schema._zod.def;
