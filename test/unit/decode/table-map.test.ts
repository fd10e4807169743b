/** Fields behind the columns of a TABLE_MAP event, as the two servers write them. */
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../src/decode/binlog/cursor.ts';
import { parseTableMap, type TableDefinition } from '../../../src/decode/binlog/table-map.ts';
import type { Flavour } from '../../../src/model/position.ts';

interface Written {
  /** Type and metadata of each column, in hex. */
  readonly columns: readonly (readonly [type: number, meta: string])[];
  /** Type → content in hex; the names are made up. */
  readonly fields: Readonly<Record<number, string>>;
}

const INT = [3, ''] as const;
const YEAR = [13, ''] as const;
const VARCHAR = [15, 'c800'] as const;
const ENUM = [254, 'f701'] as const;
const VECTOR = [242, '04'] as const;
const GEOMETRY = [255, '04'] as const;
const JSON_COLUMN = [245, '04'] as const;

function parse(flavour: Flavour, { columns, fields }: Written): TableDefinition {
  const names = columns.map((_, index) => `01${Buffer.from(String.fromCharCode(97 + index)).toString('hex')}`).join('');
  const field = ([type, content]: readonly [string, string]): Buffer =>
    Buffer.concat([Buffer.from([Number(type), content.length / 2]), Buffer.from(content, 'hex')]);
  const metadata = Buffer.from(columns.map(([, meta]) => meta).join(''), 'hex');
  const bytes = Buffer.concat([
    Buffer.from('\u0004shop\0\u0001t\0'),
    Buffer.from([columns.length, ...columns.map(([type]) => type), metadata.length]),
    metadata,
    Buffer.alloc((columns.length + 7) >> 3),
    ...Object.entries({ ...fields, 4: names }).map(field),
  ]);
  return parseTableMap(new Cursor(bytes, 0, bytes.length), flavour);
}

const charsets = (flavour: Flavour, written: Written): (string | null)[] =>
  parse(flavour, written).columns.map(({ charset }) => charset);

describe('the character set of a text is its own', () => {
  // Collations: 63 is binary, 8 latin1, 45 utf8mb4.
  const vector = [INT, VECTOR, VARCHAR, VARCHAR];
  const geometry = [INT, GEOMETRY, VARCHAR, VARCHAR];

  it('behind a VECTOR of MySQL, which has one too', () => {
    const expected = [null, null, 'latin1', 'utf8mb4'];
    expect(charsets('mysql', { columns: vector, fields: { 1: '00', 3: '3f082d' } })).toEqual(expected);
    expect(charsets('mysql', { columns: vector, fields: { 1: '00', 2: '2d003f0108' } })).toEqual(expected);
    expect(charsets('mysql', { columns: [INT, VECTOR], fields: { 1: '00', 2: '3f' } })).toEqual([null, null]);
  });

  it('behind a GEOMETRY of MariaDB, which has one too', () => {
    const expected = [null, null, 'latin1', 'utf8mb4'];
    expect(charsets('mariadb', { columns: geometry, fields: { 1: '00', 3: '3f082d', 7: '00' } })).toEqual(expected);
    expect(charsets('mariadb', { columns: geometry, fields: { 1: '00', 2: '2d003f0108', 7: '00' } })).toEqual(expected);
  });

  it('behind a GEOMETRY and a JSON of MySQL, which have none', () => {
    const columns = [INT, GEOMETRY, JSON_COLUMN, VARCHAR, VARCHAR];
    expect(charsets('mysql', { columns, fields: { 1: '00', 3: '082d', 7: '00' } })).toEqual([null, null, null, 'latin1', 'utf8mb4']); // prettier-ignore
  });
});

it('a YEAR has a sign in the log, and is none that is unsigned', () => {
  const columns = [YEAR, INT, INT, INT, INT, INT, INT, INT, INT];
  const { columns: read } = parse('mysql', { columns, fields: { 1: 'c080' } });
  expect(read.map(({ unsigned }) => unsigned)).toEqual([false, true, false, false, false, false, false, false, true]);
});

describe('a field is refused that does not fit the columns:', () => {
  const text = { columns: [INT, VARCHAR], fields: { 1: '00', 3: '2d' } };
  const list = { columns: [ENUM], fields: { 6: '010161', 11: '2d' } };
  const change = (written: Written, fields: Written['fields']): Written => ({
    ...written,
    fields: { ...written.fields, ...fields },
  });

  it.each([
    ['a character set too many', change(text, { 3: '2d2d' }), /a character set for more columns/],
    ['one by a place that is none', change(text, { 2: '2d012d' }), /a character set for more columns/],
    [
      'one of a table without texts',
      { columns: [INT], fields: { 1: '00', 2: '2d' } },
      /a character set for more columns/,
    ],
    [
      'no character set',
      { columns: text.columns, fields: { 1: '00' } },
      /column 2 was logged without its character set/,
    ],
    ['a character set too few', { columns: [INT, VARCHAR, VARCHAR], fields: text.fields }, /too short/],
    ['no signs', { columns: text.columns, fields: { 3: '2d' } }, /column 1 was logged without its sign/],
    ['a byte of signs too many', change(text, { 1: '0000' }), /a sign for more columns/],
    ['the sign of a column that is no number', change(text, { 1: '40' }), /a sign for more columns/],
    ['signs of a table without numbers', change(list, { 1: '00' }), /a sign for more columns/],
    ['members too many', change(list, { 6: '0101610162' }), /a list of members for more columns/],
    ['members of another type', change(list, { 5: '0161' }), /a list of members for more columns/],
    ['no members', { columns: [ENUM], fields: { 11: '2d' } }, /column 1 was logged without its list of members/],
    ['a kind of geometry too many', change(text, { 7: '00' }), /a kind of geometry for more columns/],
    ['no kind of geometry', { columns: [GEOMETRY], fields: {} }, /column 1 was logged without its kind of geometry/],
    ['metadata of more columns', { columns: [[3, '00']], fields: { 1: '00' } }, /metadata of more columns/],
  ] as const)('%s', (_, written, message) => {
    expect(() => parse('mysql', written)).toThrow(message);
  });

  it('and what fits is not', () => {
    expect(charsets('mysql', text)).toEqual([null, 'utf8mb4']);
    expect(parse('mysql', list).columns[0]?.members).toEqual(['a']);
  });
});

it('members of a binary ENUM stay apart, text or not', () => {
  const members = (content: string) => parse('mysql', { columns: [ENUM], fields: { 6: content, 11: '3f' } }).columns[0]?.members; // prettier-ignore
  expect(members('0202c3bc0161')).toEqual(['ü', 'a']);
  expect(members('0301ff01fe02c3bc')).toEqual(["x'ff'", "x'fe'", 'ü']);
});
