import type { Column, JsonValue, Table } from '../../src/model/row-change.ts';
import { KeyBuilder, type KeyBuilderOptions } from '../../src/rules/template/key-builder.ts';
import { parseTemplate, type KeyTemplate } from '../../src/rules/template/key-template.ts';
import { makeTable } from './tables.ts';

/** The template, or an error with its problems. */
export function template(text: string): KeyTemplate {
  const parsed = parseTemplate(text);
  if ('ok' in parsed) return parsed.ok;
  throw new Error(`${text}: ${JSON.stringify(parsed.problems)}`);
}

/** As the decoder's JSON columns of MySQL: the value is the document. */
export const jsonColumn = (name: string): Column => ({
  name,
  type: 'json',
  text: (value) => JSON.stringify(value),
  json: (value) => value as JsonValue,
});

/** shop.orders with text columns a, b, c, id and the JSON column `doc`. */
export function ordersTable(): Table {
  const plain = makeTable('shop', 'orders', ['a', 'b', 'c', 'id'], { primaryKey: ['id'] });
  const columns = [...plain.columns, jsonColumn('doc')];
  return { ...plain, columns, columnsByName: new Map(columns.map((column) => [column.name, column])) };
}

export function keyBuilder(text: string, options: Partial<Omit<KeyBuilderOptions, 'template'>> = {}): KeyBuilder {
  return new KeyBuilder({
    template: template(text),
    table: ordersTable(),
    rule: 'r',
    nullText: null,
    captures: {},
    epoch: 0,
    ...options,
  });
}

/** What filters make of one value; several values are a list. */
export function filtered(filters: string, value: unknown): string | null | readonly string[] {
  const builder = keyBuilder(`:{a | ${filters}}`);
  if (!builder.isList) return builder.build({ a: value }, null)?.slice(1) ?? null;
  return builder.buildAll({ a: value }, null, 100)?.map((key) => key.slice(1)) ?? null;
}
