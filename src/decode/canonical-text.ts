import type { ColumnDefinition } from '../model/binlog-event.ts';
import type { Flavour } from '../model/position.ts';
import type { Column, ColumnValue, JsonValue } from '../model/row-change.ts';
import { parseJson } from '../model/json-text.ts';
import { doubleText, floatText, MARIADB_REAL, MYSQL_DOUBLE, MYSQL_FLOAT } from '../model/number-text.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { timestampText, timeText, yearText } from './time-text.ts';

/**
 * The canonical text of every column type (docs/types.md): what `CAST(column AS CHAR)` gives in a session with time
 * zone UTC; where that is not text (binary types, BIT, geometry), a form without loss. Values come as the client
 * library reads them with `dateStrings: true`, `jsonStrings: true`, `timezone: 'Z'`.
 */
export function columnFor(definition: ColumnDefinition, flavour: Flavour): Column {
  const type = typeInWords(definition.columnType);
  return { name: definition.name, type, ...sound(formFor(type, flavour), definition.name, type) };
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

/** Integers arrive as numbers, beyond 2^53 as strings of exact digits; both print as they are. */
const INTEGER: Form = {
  text: (value) => String(value),
  json: (value) => value as number | string,
};

const TEXT: Form = {
  // A character set that nobody can decode arrives as bytes.
  text: (value) => (typeof value === 'string' ? value : hex(value)),
  json: (value) => (typeof value === 'string' ? value : hex(value)),
};

const BINARY: Form = { text: hex, json: hex };

const BIT: Form = {
  text: (value) => bitNumber(value).toString(),
  json: (value) => {
    const number = bitNumber(value);
    return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number.toString();
  },
};

const YEAR: Form = {
  text: (value) => yearText(value as number),
  json: (value) => Number(yearText(value as number)),
};

const JSON_DOCUMENT: Form = {
  text: (value) => value as string,
  json: (value) => parseJson(value as string),
};

const GEOMETRY: Form = {
  text: (value) => JSON.stringify(value),
  json: (value) => value as JsonValue,
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
  ['bit', BIT],
  ['year', YEAR],
  ['json', JSON_DOCUMENT],
  ['timestamp', mended(timestampText)],
  ['time', mended(timeText)],
]);

/** What is not in the table arrives as the text that it is: decimal, date, datetime, char, text, enum, set. */
function formFor(type: string, flavour: Flavour): Form {
  const [word = ''] = type.split(' ');
  if (word === 'float' || word === 'double') return REAL[flavour][word];
  return FORMS.get(word) ?? TEXT;
}

function mended(mend: (text: string) => string): Form {
  return { text: (value) => mend(value as string), json: (value) => mend(value as string) };
}

function realForm(text: (value: number) => string): Form {
  return { text: (value) => text(value as number), json: (value) => Number(text(value as number)) };
}

function hex(value: ColumnValue): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}

function bitNumber(value: ColumnValue): bigint {
  return BigInt(`0x${hex(value) || '0'}`);
}
