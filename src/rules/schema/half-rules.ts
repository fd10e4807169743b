import type { z } from 'zod';
import type { Path } from '../../runtime/config/path.ts';
import type { KeyTemplate } from '../template/key-template.ts';
import type { TablePattern } from '../table/table-pattern.ts';
import { keyText, partitionKeySchema, rowlessKeyText } from './key-schema.ts';
import { isMapping } from './schema-values.ts';
import { TABLE_OPERATIONS } from './effective-rule.ts';
import { tablesSchema } from './table-schema.ts';

/** A template and where it stands. */
export interface PlacedTemplate {
  readonly template: KeyTemplate;
  readonly path: Path;
  /** Of a cache key; else of a partition key. */
  readonly isKey: boolean;
}

/** What can be told of the templates of a rule with mistakes elsewhere in it: one mistake must not hide another. */
export interface HalfRule {
  /** Its place in the document's list. */
  readonly index: number;
  /** Those that are right by themselves. */
  readonly templates: readonly PlacedTemplate[];
  /** Null: there is a mistake in them, so nobody can say which captures there are. */
  readonly patterns: readonly TablePattern[] | null;
  /** Right or wrong. */
  readonly hasLookup: boolean;
}

export function halfRule(value: unknown, index: number): HalfRule {
  const rule = isMapping(value) ? value : {};
  const path = ['rules', index];
  const changes = isMapping(rule['table_changes']) ? rule['table_changes'] : {};
  return {
    index,
    templates: [
      ...inList(rule['keys'], keyText, [...path, 'keys']),
      ...parsed(rule['partition_key'], partitionKeySchema, [...path, 'partition_key'], false),
      ...TABLE_OPERATIONS.flatMap((operation) => {
        const reaction = changes[operation];
        const at = [...path, 'table_changes', operation, 'delete'];
        return isMapping(reaction) ? inList(reaction['delete'], rowlessKeyText, at) : [];
      }),
    ],
    patterns: tablesSchema.safeParse(rule['table']).data ?? null,
    hasLookup: rule['lookup'] !== undefined,
  };
}

function inList(list: unknown, schema: z.ZodType<KeyTemplate>, path: Path): PlacedTemplate[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((text: unknown, item) => parsed(text, schema, [...path, item], true));
}

function parsed(text: unknown, schema: z.ZodType<KeyTemplate>, path: Path, isKey: boolean): PlacedTemplate[] {
  const template = schema.safeParse(text).data;
  return template === undefined ? [] : [{ template, path, isKey }];
}
