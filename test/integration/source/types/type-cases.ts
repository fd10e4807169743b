/** Every type with its edge values; tried by types.test.ts. */
import { CHARSET_CASES } from './charset-cases.ts';
import { GEOMETRY_CASES } from './geometry-cases.ts';
import { JSON_CASES } from './json-cases.ts';
import { TABLE_CASES } from './table-cases.ts';
import { HEX, type TypeCase } from './type-case.ts';

const REALS = [
  '0', '-0e0', '1.1', '0.1', '-2.5', '1e10', '123456789', '1e14', '1e15', '-1e16', '1e-5', '0.0001', '1.5e-10', '1e-14',
  '1e-15', '1e-16', '1.23456789e-14', '0.000123456789', '1.2345678901234567e-5', '123456.789e10', '999999.5', '1000005',
  '1000015', '16777217', '3.4e38', '-3.402823466e38', '1.4e-45', '1.17549e-38', '1e22', '-123456789012345678', '1.234567891e-14', '-1.23456789e-14', '-0.0000123457',
]; // prettier-ignore

const FRACTIONS = [0, 1, 2, 3, 4, 5, 6] as const;
const fraction = (digits: string, length: number): string => (length === 0 ? '' : `.${digits.slice(0, length)}`);

/** Each with every number of decimals. */
function temporalCases(): TypeCase[] {
  const zero = "'0000-00-00 00:00:00'";
  return FRACTIONS.flatMap((length): TypeCase[] => {
    const [least, most, some] = [fraction('000001'.slice(6 - length), length), fraction('999999', length), fraction('120450', length)];
    const datetimes = [`'1000-01-01 00:00:00${least}'`, `'9999-12-31 23:59:59${most}'`, `'2024-02-29 01:02:03${some}'`, zero, "'2024-00-00 00:00:00'", "'0001-01-01 00:00:00'"];
    const timestamps = [`'1970-01-01 00:00:01${least}'`, `'2038-01-19 03:14:07${most}'`, `'2024-03-31 02:30:00${some}'`, "'2024-10-27 00:30:00'", zero];
    const clocks = ['00:00:00', '00:00:01', '00:00:59', '00:01:00', '00:59:59', '01:00:00', '10:00:00', '23:59:59', '100:00:00', '838:59:58'];
    const times = clocks.flatMap((clock) => [least, most, some, ''].flatMap((part) => [`'${clock}${part}'`, `'-${clock}${part}'`]));
    return [
      { type: `DATETIME(${length})`, values: datetimes },
      { type: `TIMESTAMP(${length}) NULL`, values: timestamps },
      { type: `TIMESTAMP(${length}) NULL`, values: ["'2038-01-19 03:14:08'", `'2106-02-07 06:28:15${most}'`], on: 'mariadb-11.8' },
      { type: `TIME(${length})`, values: [...times, "'838:59:59'", "'-838:59:59'"] },
    ];
  });
} // prettier-ignore

/** Digits are kept in groups of nine, which need fewer bytes where they are not full. */
function decimalCases(): TypeCase[] {
  const sizes = [[1, 0], [1, 1], [5, 5], [8, 4], [9, 0], [9, 9], [10, 1], [10, 2], [18, 9], [19, 9], [20, 0], [27, 10], [30, 30], [64, 1], [65, 0], [65, 30]] as const;
  return sizes.map(([precision, scale]) => {
    const [whole, part] = ['1234567890'.repeat(7).slice(0, precision - scale) || '0', '0123456789'.repeat(4).slice(0, scale)];
    const most = ['9'.repeat(precision - scale) || '0', '9'.repeat(scale)] as const;
    const least = scale === 0 ? '1' : `0.${'0'.repeat(scale - 1)}1`;
    const point = scale === 0 ? '' : '.';
    const numbers = [`${whole}${point}${part}`, most.join(point), least];
    return { type: `DECIMAL(${precision},${scale})`, values: ['0', ...numbers, ...numbers.map((number) => `-${number}`)] };
  });
} // prettier-ignore

const members = (count: number): string => Array.from({ length: count }, (_, index) => `'v${index}'`).join(',');

export const TYPE_CASES: readonly TypeCase[] = [
  { type: 'TINYINT', values: ['-128', '0', '127'] },
  { type: 'TINYINT UNSIGNED', values: ['0', '255'] },
  { type: 'TINYINT(1)', values: ['0', '1'] },
  { type: 'SMALLINT', values: ['-32768', '32767'] },
  { type: 'SMALLINT UNSIGNED', values: ['65535'] },
  { type: 'MEDIUMINT', values: ['-8388608', '-1', '8388607'] },
  { type: 'MEDIUMINT UNSIGNED', values: ['16777215'] },
  { type: 'INT', values: ['-2147483648', '-1', '2147483647'] },
  { type: 'INT UNSIGNED', values: ['4294967295'] },
  { type: 'BIGINT', values: ['-9223372036854775808', '-9007199254740993', '-1', '9007199254740993', '9223372036854775807'] },
  { type: 'BIGINT UNSIGNED', values: ['0', '9007199254740993', '18446744073709551615'] },
  { type: 'FLOAT', values: REALS },
  { type: 'DOUBLE', values: [...REALS, '1.7976931348623157e308', '5e-324', '0.1+0.2', '1234567890123456', '-1.7976931348623157e308', '2.2250738585072014e-308'] },
  { type: 'DECIMAL(10,2) UNSIGNED', values: ['0', '99999999.99'] },
  { type: 'FLOAT UNSIGNED', values: ['0', '3.4e38'] },
  { type: 'DOUBLE UNSIGNED', values: ['0', '1e-300'] },
  // What only pads or rounds what is shown is not in the log.
  { type: 'INT(8) ZEROFILL', values: ['42'], equals: 'CAST(c + 0 AS CHAR)' },
  { type: 'DOUBLE(9,3)', values: ['1.5', '-123456.789'], equals: 'CAST(c + 0e0 AS CHAR)' },
  { type: 'BOOL', values: ['TRUE', 'FALSE'] },
  { type: 'SERIAL', values: ['1', '18446744073709551614'] },
  { type: 'BIT(1)', values: ["b'0'", "b'1'"], equals: 'CAST(c + 0 AS CHAR)' },
  ...[7, 8, 9, 16, 17, 33, 53, 54, 63].map((bits) => ({ type: `BIT(${bits})`, values: ['0', '1', String(2n ** BigInt(bits) - 1n)], equals: 'CAST(c + 0 AS CHAR)' })),
  { type: 'BIT(64)', values: ["b'1'", '18446744073709551615', '9007199254740993'], equals: 'CAST(c + 0 AS CHAR)' },
  { type: 'CHAR(5)', values: ["''", "'ab'", "'ab   '", "'äöü€😀'"] },
  { type: 'CHAR(255)', values: ["'x'", "REPEAT('€', 255)"] },
  { type: 'CHAR(5) CHARACTER SET latin1', values: ["'äöü'", "'€'"] },
  { type: 'VARCHAR(20)', values: ["''", "'a b  '", "'quo\\'te'", "'line\\nbreak'", "'😀'"] },
  { type: 'VARCHAR(63)', values: ["REPEAT('😀', 63)"] },
  { type: 'VARCHAR(64)', values: ["'a'", "REPEAT('😀', 64)"] },
  { type: 'CHAR(63)', values: ["REPEAT('😀', 63)"] },
  { type: 'CHAR(64)', values: ["'a'", "REPEAT('😀', 64)"] },
  { type: 'VARCHAR(255) CHARACTER SET latin1', values: ["REPEAT('é', 255)"] },
  { type: 'VARCHAR(256) CHARACTER SET latin1', values: ["REPEAT('é', 256)"] },
  { type: 'CHAR(0)', values: ["''"] },
  { type: 'VARCHAR(0)', values: ["''"] },
  { type: 'VARCHAR(2000)', values: ["''", "REPEAT('é', 2000)"] },
  { type: 'VARCHAR(20) CHARACTER SET sjis', values: ["'日本'"] },
  { type: 'TINYTEXT', values: ["''", "'tiny'"] },
  { type: 'TEXT', values: ["REPEAT('long ', 5000)"] },
  { type: 'MEDIUMTEXT', values: ["'medium ä'"] },
  { type: 'LONGTEXT', values: ["'{\"a\": 1}'"] },
  { type: 'BINARY(255)', values: ["x'ff'", "REPEAT('a', 255)"], equals: HEX },
  { type: 'VARBINARY(255)', values: ["REPEAT('a', 255)"], equals: HEX },
  { type: 'VARBINARY(256)', values: ["'a'", "REPEAT('a', 256)"], equals: HEX },
  { type: 'BINARY(4)', values: ["x'00ff'", "x'01020304'", "''"], equals: HEX },
  { type: 'BINARY(16)', values: ["x'00112233445566778899aabbccddeeff'", "x'ff000000000000000000000000000000'"], equals: HEX },
  { type: 'VARBINARY(20)', values: ["''", "x'00'", "x'00ff00'"], equals: HEX },
  { type: 'TINYBLOB', values: ["x'ff'"], equals: HEX },
  { type: 'BLOB', values: ["''", "x'c3a4'", "REPEAT('a', 70)"], equals: HEX },
  { type: 'MEDIUMBLOB', values: ["REPEAT(x'ff00', 40000)"], equals: HEX },
  { type: 'LONGBLOB', values: ["x'00'"], equals: HEX },
  { type: "ENUM('a','b''c','ä')", values: ["'a'", "'b\\'c'", "'ä'", "'not in the list'"] },
  { type: `ENUM(${members(255)})`, values: ["'v0'", "'v254'", "''"] },
  { type: `ENUM(${members(256)})`, values: ["'v0'", "'v254'", "'v255'", "''"] },
  { type: `ENUM(${members(3000)})`, values: ["'v0'", "'v2999'"] },
  { type: `SET(${members(8)})`, values: ["'v7'", "'v0,v7'"] },
  { type: `SET(${members(9)})`, values: ["'v8'", "'v0,v7,v8'"] },
  { type: `SET(${members(25)})`, values: ["'v24'", "'v0,v23'"] },
  { type: `SET(${members(33)})`, values: ["'v32'", "'v0,v31'"] },
  { type: "SET('a','b','c')", values: ["''", "'c'", "'a,b,c'"] },
  { type: `SET(${members(64)})`, values: ["'v0'", "'v31'", "'v32'", "'v0,v31,v32,v63'"] },
  { type: 'YEAR', values: ["'1901'", "'2155'", "'0000'", "'2024'"] },
  { type: 'DATE', values: ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2024-00-00'", "'2024-01-00'", "'0001-01-01'", "'2024-02-29'"] },
  ...temporalCases(),
  ...decimalCases(),
  ...TABLE_CASES,
  ...CHARSET_CASES,
  ...JSON_CASES,
  ...GEOMETRY_CASES,
  { type: 'UUID', values: ["'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'01890a5d-ac96-774b-bcce-b302099a8057'"], equals: "LOWER(REPLACE(CAST(c AS CHAR), '-', ''))", on: 'mariadb' },
  { type: 'INET4', values: ["'1.2.3.4'", "'255.0.0.1'", "'0.0.0.0'", "'255.255.255.255'"], equals: HEX, on: 'mariadb' },
  { type: 'INET6', values: ["'fe80::1'", "'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:1.2.3.4'"], equals: HEX, on: 'mariadb' },
  { type: 'VARCHAR(50) COMPRESSED', values: ["'short'", "REPEAT('ä', 50)"], on: 'mariadb' },
  { type: 'TEXT COMPRESSED', values: ["REPEAT('ab', 500)"], on: 'mariadb' },
]; // prettier-ignore
