/** The JSON Schema of rule tests (`*.test.yaml`), for completion and checks in editors. */
import { z } from 'zod';
import { ruleTestsSchema } from '../../src/rules/testing/test-schema.ts';

export function ruleTestsJsonSchema(): string {
  return JSON.stringify(z.toJSONSchema(ruleTestsSchema, { io: 'input', target: 'draft-7' }));
}
