import { z } from 'zod';
import { parseKeyTemplate, parsePartitionKey, parseRowlessKey, type KeyTemplate } from '../template/key-template.ts';
import { isListTemplate } from '../template/template-uses.ts';
import { parsedBy, wrong, type Parsed, type TextProblem } from './text-problem.ts';

export const keyText = z
  .string()
  .transform(parsedBy(withoutEnvironment(parseKeyTemplate)))
  .meta({
    description: 'A key template such as "product:{id}".',
    minLength: 1,
    examples: ['product:{id}', 'user:by-email:{email | trim | lower}', 'tag:{tags[*]}', '{$prefix}:{@table}:{id}'],
  });

/** A key of a table change: there is no row. */
export const rowlessKeyText = z
  .string()
  .transform(parsedBy(withoutEnvironment(parseRowlessKey)))
  .meta({
    description: 'A key without columns, such as "products:all".',
    minLength: 1,
    examples: ['products:all', '{$prefix}:{@table}:all'],
  });

export const keysSchema = z
  .array(keyText)
  .min(1, 'name at least one key')
  .meta({
    description: 'The cache keys, a list of templates such as "product:{id}"; each `{column}` is filled from the row.',
    examples: [['product:{id}']],
  });

export const partitionKeySchema = z
  .string()
  .transform(parsedBy(withoutEnvironment(oneValue)))
  .meta({
    description:
      'A template: invalidations with the same partition key are applied in commit order. The cache key by default.',
    minLength: 1,
    examples: ['{customer_id}'],
  });

/** `${PREFIX}` would be a dollar sign and a column: never what its author meant. */
function withoutEnvironment(parse: (text: string) => Parsed<KeyTemplate>): (text: string) => Parsed<KeyTemplate> {
  return (text) => {
    const references: TextProblem[] = [...text.matchAll(/(?<!\{)\$\{(?!\{)/g)].map(({ index }) => ({
      at: index,
      message: '`${…}` is only read in `constants`',
      remedy: 'Name it there, as in `constants: {prefix: "${PREFIX}"}`, and write `{$prefix}` here.',
    }));
    return references.length > 0 ? { problems: references } : parse(text);
  };
}

/** A row has one partition key, however many keys it gives. */
function oneValue(text: string): Parsed<KeyTemplate> {
  const parsed = parsePartitionKey(text);
  if ('problems' in parsed || !isListTemplate(parsed.ok)) return parsed;
  return wrong(0, 'a partition key cannot be a list', 'Name one value, such as "{id}".');
}
