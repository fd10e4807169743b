/** The JSON Schema of rule files, for completion and checks in editors. Templates, conditions and queries are only text to it. */
import { z } from 'zod';
import { ruleFileSchema } from '../../src/rules/schema/rule-schema.ts';

export function rulesJsonSchema(): string {
  const schema = z.toJSONSchema(ruleFileSchema, {
    io: 'input',
    target: 'draft-7',
    // Of what is parsed zod leaves the examples out, as they might be results; ours are what is written.
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (examples !== undefined) Object.assign(jsonSchema, { examples });
    },
  });
  return JSON.stringify(schema);
}
