import { HEX, type TypeCase } from './type-case.ts';

const PLAIN = [
  "'{}'", "'[]'", "'null'", "'true'", "'\"text\"'", "'1'", "'-1.5'", "'{\"b\": 1, \"a\": [1, 2, {\"c\": null}]}'",
  "'[18446744073709551615, -9223372036854775808]'", "'{\"ä\": \"😀 \\\\\"q\\\\\" \\\\n\"}'",
  "'{\"a\": 4294967296, \"bb\": 65536, \"ccc\": -70000}'", "'[0, -1, 32767, -32768, 32768, 65535, 65536, 2147483647, -2147483648, -2147483649, 4294967295]'",
]; // prettier-ignore

/** Values that JSON has no type for, numbers that a double cannot hold, names in an order of their own. */
const SPECIAL = [
  "'[1.0, 1e21, -0.0, 1.5, 1e-7, 123456789012345680000, 1.7976931348623157e308, 5e-324]'",
  "'{\"b\": 1, \"10\": 2, \"2\": 3, \"\": 4}'",
  "JSON_OBJECT('d', 1.50, 'n', -0.010, 'big', CAST('12345678901234567890123456789012345.123456789012345678901234567890' AS DECIMAL(65,30)))",
  "JSON_ARRAY(DATE '2024-02-29', TIME '-10:11:12.5', TIME '838:59:59', TIMESTAMP '2024-02-29 01:02:03.000004')",
  "JSON_ARRAY(CAST('0000-00-00' AS DATE), CAST('1000-01-01 00:00:00' AS DATETIME))",
  "JSON_ARRAY(x'00ff', b'101', CAST('bytes' AS BINARY), CAST(REPEAT('long ', 40) AS BINARY))",
  "JSON_ARRAY(18446744073709551615, -9223372036854775808, 9007199254740993, 65535, -32768, 2147483648, true, false, null)",
  "JSON_ARRAY(ST_GeomFromText('POINT(1 2)'))",
  "JSON_QUOTE(CONCAT('ctrl ', CHAR(1 USING utf8mb4), CHAR(31 USING utf8mb4), CHAR(127 USING utf8mb4), '/ \\\\ \"'))",
  "CONCAT('[', REPEAT('[1,\"two\",{\"three\":3}],', 6000), '0]')",
  "JSON_OBJECT('k', REPEAT('x', 70000), 'l', REPEAT('y', 130))",
  "CONCAT(REPEAT('[', 100), REPEAT(']', 100))",
  "JSON_OBJECT(REPEAT('n', 300), 1, REPEAT('é', 200), JSON_OBJECT())",
]; // prettier-ignore

/** What a document keeps of a column of this type, which is more than a literal can say. */
const OF_COLUMNS: readonly (readonly [type: string, value: string])[] = [
  ['DECIMAL(65,30)', '-1.5'], ['DECIMAL(5,5)', '0.00001'], ['FLOAT', '1.1'], ['DOUBLE', '1.1'], ['BIT(1)', "b'1'"], ['BIT(64)', '18446744073709551615'],
  ['YEAR', "'2155'"], ['DATE', "'9999-12-31'"], ['DATETIME(6)', "'2024-02-29 01:02:03.000001'"], ['DATETIME', "'1000-01-01'"],
  ['TIMESTAMP', "'1970-01-01 00:00:01'"], ['TIMESTAMP(6)', "'2038-01-19 03:14:07.999999'"], ['TIME(6)', "'-838:59:58.999999'"], ['TIME', "'-00:00:01'"],
  ['CHAR(5) CHARACTER SET latin1', "'é'"], ['VARCHAR(5) CHARACTER SET sjis', "'日'"], ['TEXT', "'text'"], ["ENUM('é','b')", "'é'"], ["SET('a','b')", "'a,b'"],
  ['BINARY(3)', "'a'"], ['VARBINARY(9)', "x'00ff'"], ['TINYBLOB', "x'00'"], ['BLOB', "''"], ['MEDIUMBLOB', "REPEAT('b', 60)"], ['LONGBLOB', "REPEAT('l', 200)"],
]; // prettier-ignore

const columns = OF_COLUMNS.map(([type], index) => `c${index} ${type}`).join(', ');
const names = OF_COLUMNS.map((_, index) => `c${index}`).join(', ');
/** Made before the tables of the cases, on MySQL: one row with a column of each type. */
export const EVERY_TYPE =
  `SET SESSION sql_mode=''; CREATE TABLE every_type (${columns}); ` +
  `INSERT INTO every_type VALUES (${OF_COLUMNS.map(([, value]) => value).join(', ')})`;

export const JSON_CASES: readonly TypeCase[] = [
  { type: 'JSON', values: PLAIN, on: 'mysql' },
  { type: 'JSON', values: SPECIAL, on: 'mysql' },
  { type: 'JSON', values: OF_COLUMNS.map((_, index) => `(SELECT JSON_ARRAY(c${index}) FROM every_type)`), on: 'mysql' },
  { type: 'JSON', values: [`(SELECT JSON_ARRAY(${names}) FROM every_type)`], on: 'mysql' },
  { type: 'JSON', values: ["'{\"b\":1,  \"a\":2}'", "'null'"], on: 'mariadb' },
  { type: 'VECTOR(3)', values: ["STRING_TO_VECTOR('[1,-2.5,3e-10]')", "STRING_TO_VECTOR('[1e20,-0,-1]')", "STRING_TO_VECTOR('[1000005,1000015,-16384.25]')", "STRING_TO_VECTOR('[3.4028235e38,1.2e-38,0]')"], equals: 'VECTOR_TO_STRING(c)', on: 'mysql' },
  { type: 'VECTOR(16383)', values: ["STRING_TO_VECTOR('[1]')", "STRING_TO_VECTOR(CONCAT('[', REPEAT('0.1,', 16382), '2]'))"], equals: 'VECTOR_TO_STRING(c)', on: 'mysql' },
  { type: 'VECTOR(3) NOT NULL', values: ["VEC_FromText('[1,-2.5,3e-10]')"], equals: HEX, on: 'mariadb-11.8' },
]; // prettier-ignore
