import type { Column, JsonValue } from '../../model/row-change.ts';
import { parseJson } from '../../model/json-text.ts';
import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { shown } from '../../runtime/config/shown.ts';
import { wrong, type Parsed } from '../schema/text-problem.ts';
import { jsonDocumentText } from './json-document.ts';

/**
 * Columns for written rows. Whatever a test file says is turned into the canonical text of its type (docs/types.md) at once; a
 * row holds that text, so equal values are equal texts.
 */
export interface ColumnType {
  /** In words, as the decoder says it: `int unsigned`, `varchar`. */
  readonly words: string;
  /** The canonical text of a value that is not null. `at` of a problem is always 0. */
  read(value: unknown): Parsed<string>;
  /** What JSON gets of a canonical text. */
  json(text: string): JsonValue;
}

export function makeColumn(name: string, type: ColumnType): Column {
  return { name, type: type.words, text: (value) => String(value), json: (value) => type.json(String(value)) };
}

type Family = 'integer' | 'decimal' | 'real' | 'year' | 'text' | 'hex' | 'json' | 'date' | 'datetime' | 'time';

const FAMILIES: Readonly<Record<string, Family>> = {
  ...all('integer', 'tinyint smallint mediumint int integer bigint bool boolean bit'),
  ...all('decimal', 'decimal numeric dec fixed'),
  ...all('real', 'float double real'),
  ...all('text', 'char varchar tinytext text mediumtext longtext enum set'),
  ...all('hex', 'binary varbinary tinyblob blob mediumblob longblob uuid inet4 inet6'),
  ...all('json', 'json geometry point linestring polygon'),
  ...all('json', 'multipoint multilinestring multipolygon geomcollection'),
  ...all('datetime', 'datetime timestamp'),
  ...all('date', 'date'),
  ...all('time', 'time'),
  ...all('year', 'year'),
};
const SYNONYMS: Readonly<Record<string, string>> = {
  ...{ integer: 'int', bool: 'tinyint', boolean: 'tinyint' },
  ...{ numeric: 'decimal', dec: 'decimal', fixed: 'decimal', real: 'double' },
};

export function parseColumnType(text: string): Parsed<ColumnType> {
  const [, word = '', argument = '', rest = ''] = /^\s*([a-z0-9]+)\s*(?:\((.*)\))?\s*([a-z\s]*)$/is.exec(text) ?? [];
  const name = word.toLowerCase();
  const family = FAMILIES[name];
  if (family === undefined) {
    const remedy =
      didYouMean(name, Object.keys(FAMILIES)) ?? 'Write a type of MySQL, such as `int unsigned` or `json`.';
    return wrong(0, `\`${shown(text)}\` is no column type`, remedy);
  }
  const words = [SYNONYMS[name] ?? name, ...rest.toLowerCase().split(/\s+/)].filter((each) => each !== '').join(' ');
  return { ok: { words, ...readerOf(family, argument) } };
}

/** The type that values written without one seem to have; `values` are not null. */
export function typeOfValues(values: readonly unknown[]): ColumnType {
  if (values.length > 0 && values.every((value) => typeof value === 'object')) return typed('json', 'json');
  if (values.length > 0 && values.every((value) => typeof value === 'boolean')) return typed('tinyint', 'integer');
  if (values.length === 0 || !values.every((value) => typeof value === 'number')) return typed('varchar', 'text');
  return values.every(Number.isInteger) ? typed('bigint', 'integer') : typed('double', 'real');
}

function typed(words: string, family: Family): ColumnType {
  return { words, ...readerOf(family, '') };
}

type Reader = Omit<ColumnType, 'words'>;

function readerOf(family: Family, argument: string): Reader {
  const decimals = Number(/^\s*\d+\s*,\s*(\d+)\s*$/.exec(argument)?.[1] ?? NaN);
  const fraction = Number(/^\s*(\d)\s*$/.exec(argument)?.[1] ?? NaN);
  switch (family) {
    case 'integer':
      return { read: formed(/^-?\d+$/, 'a whole number'), json: exactNumber };
    case 'decimal':
      return { read: padded(formed(/^-?\d+(\.\d+)?$/, 'a decimal number'), decimals), json: asText };
    case 'real':
      return { read: formed(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i, 'a number'), json: Number };
    case 'year':
      return { read: formed(/^\d{4}$/, 'a year of four digits'), json: Number };
    case 'hex':
      return { read: formed(/^([0-9a-f]{2})*$/, 'lower-case hexadecimal digits, two for each byte'), json: asText };
    case 'date':
      return { read: formed(/^\d{4}-\d\d-\d\d$/, 'a date such as 2024-02-29'), json: asText };
    case 'datetime':
      return {
        read: padded(
          formed(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/, 'a time such as 2024-02-29 13:00:00'),
          fraction,
        ),
        json: asText,
      };
    case 'time':
      return {
        read: padded(formed(/^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$/, 'a time such as 13:00:00'), fraction),
        json: asText,
      };
    case 'json':
      return { read: readJson, json: parseJson };
    case 'text':
      return { read: scalarText, json: asText };
  }
}

function formed(form: RegExp, what: string): Reader['read'] {
  return (value) => {
    const text = scalarText(value);
    if ('problems' in text || form.test(text.ok)) return text;
    return wrong(0, `\`${shown(text.ok)}\` is not ${what}`, `Write ${what}, or mend the type of the column.`);
  };
}

/** `9.9` of a DECIMAL(10,2) is `9.90`: the server prints all decimals. */
function padded(read: Reader['read'], decimals: number): Reader['read'] {
  if (Number.isNaN(decimals)) return read;
  return (value) => {
    const text = read(value);
    if ('problems' in text) return text;
    const [whole = '', written = ''] = text.ok.split('.');
    if (written.length > decimals) {
      return wrong(0, `\`${shown(text.ok)}\` has more than ${decimals} decimals`, 'Write what the column can hold.');
    }
    return { ok: decimals === 0 ? whole : `${whole}.${written.padEnd(decimals, '0')}` };
  };
}

function scalarText(value: unknown): Parsed<string> {
  if (typeof value === 'string') return { ok: value };
  if (typeof value === 'boolean') return { ok: value ? '1' : '0' };
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return wrong(0, 'this number is too long to be exact', 'Put quotes around it.');
  }
  if (typeof value === 'number') return { ok: String(value) };
  return wrong(0, 'a list or mapping only fits a JSON column', 'Declare the column as `json` under `tables`.');
}

/** YAML for the document itself, or text that is JSON already. */
function readJson(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return { ok: jsonDocumentText(value) };
  try {
    JSON.parse(value);
    return { ok: value };
  } catch {
    const remedy = `Write a list or a mapping, or JSON text; the string itself is '${JSON.stringify(shown(value))}'.`;
    return wrong(0, `\`${shown(value)}\` is no JSON`, remedy);
  }
}

function exactNumber(text: string): JsonValue {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

function asText(text: string): JsonValue {
  return text;
}

function all(family: Family, names: string): Record<string, Family> {
  return Object.fromEntries(names.split(' ').map((name) => [name, family]));
}
