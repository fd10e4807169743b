import { z } from 'zod';
import { parseCondition } from '../condition/condition-cel.ts';
import { parsedBy } from './text-problem.ts';

export const conditionSchema = z
  .string()
  .transform(parsedBy(parseCondition))
  .meta({
    description:
      'A condition in CEL over `before`, `after` (the images, by column), `op`, `table` and `database`. Without it every row counts.',
    minLength: 1,
    examples: [
      "op != 'update' || before.price != after.price",
      "before.status == 'active' || after.status == 'active'",
    ],
  });
