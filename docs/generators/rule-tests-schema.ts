/** The JSON Schema of rule tests (`*.test.yaml`), for completion and checks in editors. */
import { z } from 'zod';
import { ruleTestsSchema } from '../../src/rules/testing/test-schema.ts';

export function ruleTestsJsonSchema(): string {
  const schema = z.toJSONSchema(ruleTestsSchema, {
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
