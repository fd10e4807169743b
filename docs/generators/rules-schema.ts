/** The JSON Schema of rule files, for completion and checks in editors. Templates and queries are only text to it. */
import { z } from 'zod';
import { ruleFileSchema } from '../../src/rules/rule-schema.ts';

export function rulesJsonSchema(): string {
  return JSON.stringify(z.toJSONSchema(ruleFileSchema, { io: 'input', target: 'draft-7' }));
}
