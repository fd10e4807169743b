import type { z } from 'zod';
import type { Path } from './path.ts';

/** What is read of a zod schema: its kind, its parts, its description. The same for every zod version 4. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}

/** The names of the options a mapping at `path` may have, in every form the schema allows there. */
export function optionsAt(schema: z.core.$ZodType, path: Path): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((each) => Object.keys(definition(each).shape ?? {})))];
}

/** The description of the option at `path`, or undefined if it has none. */
export function descriptionAt(schema: z.core.$ZodType, path: Path): string | undefined {
  return schemasAt(schema, path)
    .map((each) => (each as { description?: string }).description)
    .find((text) => text !== undefined);
}

function schemasAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType[] {
  return path.reduce<z.core.$ZodType[]>(
    (schemas, part) => schemas.flatMap((each) => child(each, part)).flatMap(unwrap),
    unwrap(schema),
  );
}

/** The schema itself and all it is wrapped around: optional, default, transform, the branches of a union. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { innerType, in: input, out, options } = definition(schema);
  const inner = [innerType, input, out, ...(options ?? [])].filter((each) => each !== undefined);
  return [schema, ...inner.flatMap(unwrap)];
}

function child(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  const { shape, element, valueType } = definition(schema);
  const named = shape !== undefined && Object.hasOwn(shape, part) ? shape[part] : undefined;
  const found = typeof part === 'number' ? (element ?? valueType) : (named ?? valueType);
  return found === undefined ? [] : [found];
}

const definition = (schema: z.core.$ZodType): Definition => schema._zod.def;
