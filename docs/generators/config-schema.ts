/** The JSON Schema of sluice.yaml, for completion and checks in editors (`# yaml-language-server: $schema=…`). */
import { z } from 'zod';
import { optionNotes } from '../../src/runtime/config/fields.ts';
import { configSchema } from '../../src/runtime/config/schema.ts';

type Json = Record<string, unknown>;

/** What a value may be instead of a number: a reference, which Sluice expands before it looks at the value. */
const REFERENCE = { type: 'string', pattern: '\\$\\{' };
const TEXT_FORMS: Readonly<Record<string, Json>> = {
  duration: { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$|\\$\\{' },
  size: { type: ['string', 'integer'], pattern: '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB)?$|\\$\\{' },
};

export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    // What the YAML language server understands best.
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      const form = TEXT_FORMS[optionNotes.get(zodSchema)?.type ?? ''];
      if (form === undefined) return;
      delete jsonSchema.anyOf;
      Object.assign(jsonSchema, form);
    },
  });
  return JSON.stringify(allowReferences(schema));
}

/** Wherever a number, a boolean or text of a certain form is expected, a reference may stand too. */
function allowReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowReferences);
  if (typeof node !== 'object' || node === null) return node;
  const { type, minimum, maximum, ...rest } = node as Json;
  if (type === 'integer' || type === 'boolean') {
    return { ...rest, anyOf: [{ type, minimum, maximum }, REFERENCE] };
  }
  if (type === 'string' && typeof rest['pattern'] === 'string' && !rest['pattern'].includes(REFERENCE.pattern)) {
    return { ...rest, type, pattern: `${rest['pattern']}|${REFERENCE.pattern}` };
  }
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, allowReferences(child)]));
}
