import type { Column, JsonValue, Row, Table } from '../../model/row-change.ts';
import { SluiceError } from '../../runtime/errors.ts';
import { columnOf, valueOf } from '../evaluate/column-reader.ts';
import { FilterFailure, type Step } from './filters/filter.ts';
import type { KeyTemplate } from './key-template.ts';
import type { LookupRow } from '../lookup/lookup-row.ts';
import { factOf, type TableFacts } from './template-facts.ts';
import type { Placeholder } from './template-part.ts';
import { pipeOne, readsDocument, stepsOf } from './template-pipe.ts';
import { printPlaceholder } from './template-print.ts';
import { isListPlaceholder } from './template-shape.ts';

/** A placeholder that a row decides, bound to its table. */
export interface BoundPart {
  /** Null: its value comes from the lookup, or is always the same. */
  readonly column: Column | null;
  /** The column if its text is all that is wanted, without a filter: the fast way. */
  readonly plain: Column | null;
  readonly isList: boolean;
  readonly steps: readonly Step[];
  read(row: Row, lookup: LookupRow | null): JsonValue;
  /** For messages: as the template spells it. */
  readonly placeholder: string;
  /** The fixed text behind it. */
  after: string;
}

/** Fixed text and the table's own facts are one text already; what is left needs a row. */
export interface BoundTemplate {
  readonly head: string;
  readonly parts: readonly BoundPart[];
}

/** Throws RULE_COLUMN_MISSING when the table lacks a column. */
export function bindTemplate(template: KeyTemplate, table: Table, facts: TableFacts, rule: string): BoundTemplate {
  let head = '';
  const parts: BoundPart[] = [];
  for (const part of template.parts) {
    const text = typeof part === 'string' ? part : fixedText(part, facts);
    const last = parts.at(-1);
    if (text === undefined) parts.push(bindPart(part as Placeholder, table, facts, rule));
    else if (last === undefined) head += text;
    else last.after += text;
  }
  return { head, parts };
}

/** Undefined: only a row can tell, or its filters fail, which is said when a row needs it. */
function fixedText(part: Placeholder, facts: TableFacts): string | undefined {
  const fact = factOf(part.source, facts);
  if (fact === undefined || isListPlaceholder(part)) return undefined;
  try {
    return pipeOne(stepsOf(part, false), fact) ?? undefined;
  } catch (error) {
    if (error instanceof FilterFailure) return undefined;
    throw error;
  }
}

function bindPart(part: Placeholder, table: Table, facts: TableFacts, rule: string): BoundPart {
  const { source } = part;
  const shared = { isList: isListPlaceholder(part), placeholder: `{${printPlaceholder(part)}}`, after: '' };
  if (source.kind === 'lookup') {
    const steps = stepsOf(part, false);
    return { ...shared, column: null, plain: null, steps, read: (_, row) => lookupValue(row, source.name, rule) };
  }
  if (source.kind !== 'column') {
    const fact = factOf(source, facts);
    if (fact === undefined) throw new Error(`rule ${rule}: nothing is known of ${shared.placeholder}`);
    return { ...shared, column: null, plain: null, steps: stepsOf(part, false), read: () => fact };
  }
  const column = columnOf(table, source.name, rule);
  const isDocument = column.type === 'json' && readsDocument(part);
  const steps = stepsOf(part, isDocument);
  const read = isDocument ? documentReader(column) : textReader(column);
  return { ...shared, column, plain: steps.length === 0 ? column : null, steps, read };
}

function textReader(column: Column): BoundPart['read'] {
  return (row) => {
    const value = valueOf(row, column);
    return value === null ? null : column.text(value);
  };
}

function documentReader(column: Column): BoundPart['read'] {
  return (row) => {
    const value = valueOf(row, column);
    return value === null ? null : column.json(value);
  };
}

/** Names have no case in MySQL, those of a result neither. */
function lookupValue(row: LookupRow | null, name: string, rule: string): string | null {
  if (row === null) return null;
  const value = row[name];
  if (value !== undefined) return value;
  const other = Object.keys(row).find((each) => each.toLowerCase() === name.toLowerCase());
  const found = other === undefined ? undefined : row[other];
  if (found !== undefined) return found;
  const names = Object.keys(row).join(', ');
  throw new SluiceError(
    'RULE_COLUMN_MISSING',
    `rule \`${rule}\` needs \`lookup.${name}\`, but its lookup gives: ${names}`,
  );
}
