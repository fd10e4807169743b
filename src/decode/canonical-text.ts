import type { ColumnDefinition } from '../model/binlog-event.ts';
import type { Flavour } from '../model/position.ts';
import type { Column, ColumnValue, JsonValue } from '../model/row-change.ts';
import { parseJson } from '../model/json-text.ts';
import { doubleText, floatText, MARIADB_REAL, MYSQL_DOUBLE, MYSQL_FLOAT, vectorText } from '../model/number-text.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';

/**
 * The canonical text of every column type (docs/types.md): what `CAST(column AS CHAR)` gives in a session with time
 * zone UTC; where that is not text (binary types, BIT, geometry), a form without loss. Values come as
 * src/decode/binlog/column-layout.ts reads them: mostly as that text already.
 */
export function columnFor(definition: ColumnDefinition, flavour: Flavour): Column {
  const type = typeInWords(definition.columnType);
  const form = formFor(type, flavour);
  return { name: definition.name, type, ...(AS_IT_IS.has(form) ? form : sound(form, definition.name, type)) };
}

/** A value that is not of its column's type comes from a damaged event: no key and no row may be made of it. */
function sound(form: Form, name: string, type: string): Form {
  const orStop =
    <T>(read: (value: ColumnValue) => T) =>
    (value: ColumnValue): T => {
      try {
        return read(value);
      } catch (error) {
        const message = `column ${name} holds a value that is no ${type}: ${errorMessage(error)}`;
        throw new SluiceError('SOURCE_DECODE', message, { cause: error });
      }
    };
  return { text: orStop(form.text), json: orStop(form.json) };
}

/** `int(10) unsigned` → `int unsigned`, `varchar(20)` → `varchar`, without MariaDB's comment on compression. */
export function typeInWords(columnType: string): string {
  return columnType
    .replace(/\/\*.*?\*\//g, '')
    .replace(/\(.*\)/s, '')
    .trim();
}

type Form = Pick<Column, 'text' | 'json'>;

/** Integers and BIT arrive as numbers, beyond 2^53 as strings of exact digits; both print as they are. */
const INTEGER: Form = {
  text: (value) => String(value),
  json: (value) => value as number | string,
};

const TEXT: Form = { text: (value) => value as string, json: (value) => value as string };

/** Nothing can go wrong with these: no closure stands around them. */
const AS_IT_IS: ReadonlySet<Form> = new Set([INTEGER, TEXT]);

const BINARY: Form = { text: hex, json: hex };

const YEAR: Form = {
  text: (value) => value as string,
  json: (value) => Number(value),
};

const JSON_DOCUMENT: Form = {
  text: (value) => value as string,
  json: (value) => parseJson(value as string),
};

const GEOMETRY: Form = {
  text: (value) => JSON.stringify(value),
  json: (value) => value as JsonValue,
};

const VECTOR: Form = {
  text: (value) => vectorText(vectorNumbers(value)),
  json: (value) => vectorNumbers(value).map((number) => Number(floatText(number, MYSQL_FLOAT))),
};

const REAL: Record<Flavour, { float: Form; double: Form }> = {
  mysql: {
    float: realForm((value) => floatText(value, MYSQL_FLOAT)),
    double: realForm((value) => doubleText(value, MYSQL_DOUBLE)),
  },
  mariadb: {
    float: realForm((value) => floatText(value, MARIADB_REAL)),
    double: realForm((value) => doubleText(value, MARIADB_REAL)),
  },
};

const FORMS = new Map<string, Form>([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint'].map((type) => [type, INTEGER] as const),
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((type) => [type, BINARY] as const),
  ...['geometry', 'point', 'linestring', 'polygon'].map((type) => [type, GEOMETRY] as const),
  ...['multipoint', 'multilinestring', 'multipolygon', 'geomcollection'].map((type) => [type, GEOMETRY] as const),
  ['bit', INTEGER],
  ['year', YEAR],
  ['json', JSON_DOCUMENT],
  ['vector', VECTOR],
]);

/** What is not in the table arrives as the text that it is: decimal, date, datetime, char, text, enum, set. */
function formFor(type: string, flavour: Flavour): Form {
  const [word = ''] = type.split(' ');
  if (word === 'float' || word === 'double') return REAL[flavour][word];
  return FORMS.get(word) ?? TEXT;
}

function realForm(text: (value: number) => string): Form {
  return { text: (value) => text(value as number), json: (value) => Number(text(value as number)) };
}

function hex(value: ColumnValue): string {
  return (value as Buffer).toString('hex');
}

/** 32-bit numbers, little-endian. */
function vectorNumbers(value: ColumnValue): number[] {
  const bytes = value as Buffer;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
