/** Edge values of every column type, as SQL literals. */
export interface TypeCase {
  readonly type: string;
  readonly values: readonly string[];
  /** What the canonical text equals on the server; `CAST(c AS CHAR)` unless docs/types.md says something else. */
  readonly equals?: string;
  readonly on?: 'mysql' | 'mariadb';
  /** Named in the INSERT, where a column must be. */
  readonly columns?: readonly string[];
}

const REALS = [
  '0', '-0e0', '1.1', '0.1', '-2.5', '1e10', '123456789', '1e14', '1e15', '-1e16', '1e-5', '0.0001', '1.5e-10', '1e-14',
  '1e-15', '1e-16', '1.23456789e-14', '0.000123456789', '1.2345678901234567e-5', '123456.789e10', '999999.5', '1000005',
  '1000015', '16777217', '3.4e38', '1.17549e-38', '1e22', '-123456789012345678', '1.234567891e-14', '-1.23456789e-14', '-0.0000123457',
]; // prettier-ignore

const HEX = 'LOWER(HEX(c))';
const UPPER_HALF = Array.from({ length: 128 }, (_, index) => (index + 128).toString(16)).join('');
/** Sets with one byte per character: what each of the upper bytes means. */
const SMALL_SETS = [
  'armscii8', 'cp1250', 'cp1251', 'cp1256', 'cp1257', 'cp850', 'cp852', 'cp866', 'dec8', 'geostd8', 'greek', 'hebrew', 'hp8', 'keybcs2',
  'koi8r', 'koi8u', 'latin1', 'latin2', 'latin5', 'latin7', 'macce', 'macroman', 'swe7', 'tis620',
]; // prettier-ignore
/** Others: characters of each length, and those that other tables have elsewhere. */
const LARGE_SETS: readonly (readonly [string, string])[] = [
  ['big5', '61a440a145a14ea1c2a1e3a1f2a244f9d6'],
  ['cp932', '615cb1939c96b8815f8160817cfa40f0408754'],
  ['euckr', '61b0a18141c8fe8abc'],
  ['eucjpms', '618ea1c6fccbdca1c1ada1f5a18fa2b7'],
  ['gb2312', '61d6d0a1a4a1aa'],
  ['gbk', '61d6d08140a1a4fe4fa996'],
  ['sjis', '615cb193fa967b815f816081618191'],
  ['ujis', '618ea1c6fccbdca1c1a1c0f5a18fa2b7'],
];

function charsetCases(): TypeCase[] {
  const small = SMALL_SETS.map((set) => ({ type: `VARCHAR(200) CHARACTER SET ${set}`, values: [`x'4161${UPPER_HALF}'`] }));
  const large = LARGE_SETS.map(([set, bytes]) => ({ type: `VARCHAR(200) CHARACTER SET ${set}`, values: [`x'${bytes}'`] }));
  return [
    ...small,
    ...large,
    { type: 'VARCHAR(50) CHARACTER SET gb18030', values: ["x'61d6d08140a3a0fe598130813095328236'"], on: 'mysql' },
    { type: 'TEXT CHARACTER SET ascii', values: ["'plain'"] },
    { type: 'VARCHAR(20) CHARACTER SET ucs2', values: ["'aä€'"] },
    { type: 'CHAR(20) CHARACTER SET utf16le', values: ["'aä😀'"] },
    { type: 'TEXT CHARACTER SET utf32', values: ["'aä😀'"] },
    { type: 'VARCHAR(20) CHARACTER SET utf8mb3', values: ["'aä€'"] },
    { type: "ENUM('é','ж') CHARACTER SET utf16", values: ["'ж'"] },
    { type: "SET('é','ü') CHARACTER SET latin1", values: ["'é,ü'"] },
  ];
} // prettier-ignore

/** Values that JSON has no type for, numbers that a double cannot hold, names in an order of their own. */
const JSON_VALUES = [
  "'[1.0, 1e21, -0.0, 1.5, 1e-7, 123456789012345680000]'",
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
]; // prettier-ignore
const MANY = Array.from({ length: 300 }, (_, index) => `'v${index}'`);

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
  { type: 'DOUBLE', values: [...REALS, '1.7976931348623157e308', '5e-324', '0.1+0.2', '1234567890123456'] },
  { type: 'DECIMAL(10,2)', values: ['0', '-0.01', '12345678.99', '-99999999.99', '1'] },
  { type: 'DECIMAL(65,30)', values: ['12345678901234567890123456789012345.123456789012345678901234567890', '-0.000000000000000000000000000001'] },
  { type: 'DECIMAL(20,0)', values: ['12345678901234567890', '-1', '0'] },
  { type: 'DECIMAL(5,5)', values: ['0.00001', '-0.99999'] },
  { type: 'BIT(1)', values: ["b'0'", "b'1'"], equals: 'CAST(c + 0 AS CHAR)' },
  { type: 'BIT(64)', values: ["b'1'", '18446744073709551615', '9007199254740993'], equals: 'CAST(c + 0 AS CHAR)' },
  { type: 'CHAR(5)', values: ["''", "'ab'", "'ab   '", "'äöü€😀'"] },
  { type: 'CHAR(255)', values: ["'x'", "REPEAT('€', 255)"] },
  { type: 'CHAR(5) CHARACTER SET latin1', values: ["'äöü'", "'€'"] },
  { type: 'VARCHAR(20)', values: ["''", "'a b  '", "'quo\\'te'", "'line\\nbreak'", "'😀'"] },
  { type: 'VARCHAR(2000)', values: ["''", "REPEAT('é', 2000)"] },
  { type: 'VARCHAR(20) CHARACTER SET utf16', values: ["'ä😀'"] },
  { type: 'VARCHAR(20) CHARACTER SET sjis', values: ["'日本'"] },
  { type: 'TINYTEXT', values: ["''", "'tiny'"] },
  { type: 'TEXT', values: ["REPEAT('long ', 5000)"] },
  { type: 'MEDIUMTEXT', values: ["'medium ä'"] },
  { type: 'LONGTEXT', values: ["'{\"a\": 1}'"] },
  { type: 'BINARY(4)', values: ["x'00ff'", "x'01020304'", "''"], equals: HEX },
  { type: 'BINARY(16)', values: ["x'00112233445566778899aabbccddeeff'", "x'ff000000000000000000000000000000'"], equals: HEX },
  { type: 'VARBINARY(20)', values: ["''", "x'00'", "x'00ff00'"], equals: HEX },
  { type: 'TINYBLOB', values: ["x'ff'"], equals: HEX },
  { type: 'BLOB', values: ["''", "x'c3a4'", "REPEAT('a', 70)"], equals: HEX },
  { type: 'MEDIUMBLOB', values: ["REPEAT(x'ff00', 40000)"], equals: HEX },
  { type: 'LONGBLOB', values: ["x'00'"], equals: HEX },
  { type: "ENUM('a','b''c','ä')", values: ["'a'", "'b\\'c'", "'ä'", "'not in the list'"] },
  { type: `ENUM(${MANY.join(',')})`, values: ["'v0'", "'v299'"] },
  { type: "SET('a','b','c')", values: ["''", "'c'", "'a,b,c'"] },
  { type: `SET(${MANY.slice(0, 64).join(',')})`, values: ["'v0'", "'v31'", "'v32'", "'v0,v31,v32,v63'"] },
  { type: 'DATE', values: ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2024-00-00'", "'2024-02-29'"] },
  { type: 'DATETIME', values: ["'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'"] },
  { type: 'DATETIME(3)', values: ["'2024-02-29 01:02:03.004'", "'2024-02-29 01:02:03'"] },
  { type: 'DATETIME(6)', values: ["'2024-02-29 01:02:03.000001'", "'9999-12-31 23:59:59.999999'", "'0000-00-00 00:00:00'"] },
  { type: 'DATETIME(1)', values: ["'2024-02-29 01:02:03.9'"] },
  { type: 'TIMESTAMP NULL', values: ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 02:30:00'", "'0000-00-00 00:00:00'"] },
  { type: 'TIMESTAMP(4) NULL', values: ["'1970-01-01 00:00:01.0001'", "'2024-10-27 00:30:00.5'", "'0000-00-00 00:00:00'"] },
  { type: 'TIME', values: ["'00:00:00'", "'-00:00:01'", "'-00:01:00'", "'-01:00:00'", "'-10:00:00'", "'838:59:59'", "'-838:59:59'", "'23:59:59'", "'-00:59:59'", "'100:00:00'"] },
  { type: 'TIME(2)', values: ["'00:00:00.01'", "'-00:00:00.01'", "'-00:00:01.50'", "'-00:01:00.00'", "'-01:00:00.99'", "'-00:00:59.99'", "'838:59:58.99'"] },
  { type: 'TIME(6)', values: ["'00:00:00.000001'", "'-00:00:00.000001'", "'-12:34:56.789012'", "'-01:00:00'", "'-838:59:58.999999'"] },
  { type: 'TIME(3)', values: ["'-00:00:01.500'", "'-00:01:00.000'", "'-00:00:00.001'"] },
  { type: 'YEAR', values: ["'1901'", "'2155'", "'0000'", "'2024'"] },
  { type: 'JSON', values: ["'{}'", "'[]'", "'null'", "'true'", "'\"text\"'", "'1'", "'-1.5'", "'{\"b\": 1, \"a\": [1, 2, {\"c\": null}]}'", "'[18446744073709551615, -9223372036854775808]'", "'{\"ä\": \"😀 \\\\\"q\\\\\" \\\\n\"}'", "'{\"a\": 4294967296, \"bb\": 65536, \"ccc\": -70000}'"], on: 'mysql' },
  { type: 'JSON', values: JSON_VALUES, on: 'mysql' },
  { type: 'VECTOR(3)', values: ["STRING_TO_VECTOR('[1,-2.5,3e-10]')", "STRING_TO_VECTOR('[1e20,0,-1]')"], equals: 'VECTOR_TO_STRING(c)', on: 'mysql' },
  { type: 'INT INVISIBLE', values: ['5'], columns: ['id', 'c'] },
  { type: 'INT AS (id % 1000 * 2) STORED', values: [] },
  { type: 'INT AS (id % 1000 * 3) VIRTUAL', values: [] },
  { type: "VARCHAR(20) AS (CONCAT('v', id % 1000)) STORED", values: [] },
  ...charsetCases(),
  { type: 'JSON', values: ["'{\"b\":1,  \"a\":2}'", "'null'"], on: 'mariadb' },
  { type: 'UUID', values: ["'123e4567-e89b-12d3-a456-426655440000'"], equals: "LOWER(REPLACE(CAST(c AS CHAR), '-', ''))", on: 'mariadb' },
  { type: 'INET4', values: ["'1.2.3.4'", "'255.0.0.1'"], equals: HEX, on: 'mariadb' },
  { type: 'INET6', values: ["'fe80::1'", "'::'"], equals: HEX, on: 'mariadb' },
  { type: 'VARCHAR(50) COMPRESSED', values: ["'short'", "REPEAT('ä', 50)"], on: 'mariadb' },
  { type: 'TEXT COMPRESSED', values: ["REPEAT('ab', 500)"], on: 'mariadb' },
]; // prettier-ignore
