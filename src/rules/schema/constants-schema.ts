import { z } from 'zod';
import { shown } from '../../runtime/config/shown.ts';

const NAME = /^[a-z][a-z0-9_]*$/;

export const constantsSchema = z
  .record(
    z.string(),
    z.string().meta({
      description: 'A text; may hold ${NAME}, ${NAME:-default} and ${file:/path}.',
      examples: ['${CACHE_PREFIX:-shop}'],
    }),
  )
  .superRefine((constants, context) => {
    for (const name of Object.keys(constants)) {
      if (NAME.test(name)) continue;
      const remedy = 'A name begins with a-z and goes on with a-z, 0-9 and underscores.';
      const params = { remedy, at: 'key' };
      context.addIssue({ code: 'custom', message: `\`${shown(name)}\` is no name`, path: [name], params });
    }
  })
  .meta({
    description: 'Texts for the keys of this file: `{$name}`. Here, and only here, ${NAME} reads the environment.',
    propertyNames: { pattern: NAME.source },
    examples: [{ prefix: '${CACHE_PREFIX:-shop}' }],
  });
