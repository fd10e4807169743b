/**
 * Writes test/fuzz/corpus/*.hex anew: the events of a small binary log of a throwaway MySQL and a throwaway MariaDB, one event a
 * line. `npx tsx test/fuzz/record-corpus.ts`
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { startMysql } from '../../deploy/local/services.ts';

/** Every file of a binary log begins with it. */
const MAGIC_BYTES = 4;
const LENGTH_AT = 9;

const STATEMENTS = [
  'CREATE DATABASE shop CHARACTER SET utf8mb4',
  'USE shop',
  `CREATE TABLE products (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, name VARCHAR(200), price DECIMAL(20,6), weight FLOAT,
     size DOUBLE, kind ENUM('a','b'), tags SET('x','y','z'), made DATE, sold DATETIME(3), seen TIMESTAMP(6) NULL, took TIME(2),
     year YEAR, flags BIT(12), note TEXT, picture BLOB, big BIGINT UNSIGNED, small TINYINT, code BINARY(4), doc JSON)`,
  'CREATE TABLE places (a INT, b CHAR(10) CHARACTER SET latin1, spot POINT, PRIMARY KEY (a, b))',
  'CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM',
  `INSERT INTO products VALUES (1, 'one', -12.5, 1.1, 2.2, 'a', 'x,z', '2024-02-29', '2024-01-01 10:00:00.123',
     '2024-01-01 10:00:00.123456', '-12:34:56.78', 1999, b'101', 'text', X'00ff', 18446744073709551615, -1, X'0102', '{"a": [1, 2.5, null, "x"]}')`,
  'INSERT INTO products (name) VALUES (NULL), (REPEAT("x", 190)), ("ü€😀")',
  'UPDATE products SET name = CONCAT(name, "!"), doc = \'{"b": {"c": true}}\' WHERE id < 3',
  'DELETE FROM products WHERE id = 2',
  "INSERT INTO places VALUES (1, 'x', POINT(1, 2)), (2, 'y', NULL)",
  'UPDATE places SET b = "z" WHERE a = 1',
  'INSERT INTO plain VALUES (1)',
  'BEGIN',
  'INSERT INTO products (name) VALUES ("in")',
  'SAVEPOINT s',
  'INSERT INTO places VALUES (3, "q", NULL)',
  'ROLLBACK TO s',
  'DELETE FROM places WHERE a = 2',
  'COMMIT',
  "XA START 'a','b',7",
  'INSERT INTO products (name) VALUES ("xa")',
  "XA END 'a','b',7",
  "XA PREPARE 'a','b',7",
  "XA COMMIT 'a','b',7",
  "XA START 'r'",
  'INSERT INTO products (name) VALUES ("xa")',
  "XA END 'r'",
  "XA PREPARE 'r'",
  "XA ROLLBACK 'r'",
  "XA START 'o'",
  'INSERT INTO products (name) VALUES ("xa")',
  "XA END 'o'",
  "XA COMMIT 'o' ONE PHASE",
  `CREATE TABLE texts (id INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET sjis, b CHAR(9) CHARACTER SET utf16, c TEXT CHARACTER SET big5,
     d VARCHAR(300) CHARACTER SET latin1, e TINYTEXT CHARACTER SET ujis, f ENUM('é','ü') CHARACTER SET latin1, g SET('ж','щ') CHARACTER SET koi8r)`,
  "INSERT INTO texts VALUES (1, '日本', 'ä😀', '中文', '€ÿ', '日本', 'é', 'ж,щ')",
  "SET SESSION binlog_row_image = 'MINIMAL'",
  "UPDATE texts SET d = 'changed' WHERE id = 1",
  "INSERT INTO products (name) VALUES ('minimal')",
  'DELETE FROM texts WHERE id = 1',
  "SET SESSION binlog_row_image = 'NOBLOB'",
  "UPDATE products SET name = 'no blob' WHERE id = 1",
  "SET SESSION binlog_row_image = 'FULL'",
  'ALTER TABLE places ADD extra INT',
  'RENAME TABLE plain TO simple',
  'TRUNCATE TABLE simple',
  'DROP TABLE simple',
];
/** What only one of them has. */
const ONLY = {
  mysql: [
    'CREATE TABLE more (id INT PRIMARY KEY, v VECTOR(3), j JSON, g GEOMETRY)',
    "INSERT INTO more VALUES (1, STRING_TO_VECTOR('[1,2.5,-3]'), JSON_OBJECT('d', 1.50, 't', TIME '-10:11:12.5', 'w', CAST('2024-02-29 01:02:03' AS DATETIME), 'y', DATE '2024-02-29', 'b', X'00ff', 'i', 18446744073709551615, 'r', 1e30), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),POLYGON((0 0,1 1,2 0,0 0)))'))",
    'SET SESSION binlog_transaction_compression = ON',
    'UPDATE more SET id = 2',
    'BEGIN',
    "INSERT INTO products (name, note) VALUES ('zstd', REPEAT('long ', 300))",
    'INSERT INTO places (a, b) VALUES (7, "zstd")',
    'COMMIT',
    "INSERT INTO more (id, j) VALUES (9, CONCAT('\"', REPEAT('x', 1200000), '\"'))",
    'DELETE FROM more WHERE id = 9',
    'SET SESSION binlog_transaction_compression = OFF',
    'UPDATE more SET j = \'{"a": [1, 2, {"deep": "some long text, so that a partial update is shorter"}], "b c": "x", "c": null}\'',
    'SET SESSION binlog_row_value_options = PARTIAL_JSON',
    `UPDATE more SET j = JSON_SET(j, '$.a[1]', 'two', '$."b c"', 7, '$.new', JSON_ARRAY(1))`,
    `UPDATE more SET j = JSON_REMOVE(j, '$.a[0]', '$.c')`,
    "SET SESSION binlog_row_image = 'MINIMAL'",
    "UPDATE more SET j = JSON_REPLACE(j, '$.new', 'x')",
    "SET SESSION binlog_row_image = 'FULL'",
    "SET SESSION binlog_row_value_options = ''",
    "SET gtid_next = 'AUTOMATIC:tag'",
    'INSERT INTO products (name) VALUES ("tagged")',
    "SET gtid_next = 'AUTOMATIC'",
  ],
  mariadb: [
    'CREATE TABLE more (id UUID PRIMARY KEY, four INET4, six INET6, packed VARCHAR(200) COMPRESSED, text TEXT COMPRESSED)',
    "INSERT INTO more VALUES ('123e4567-e89b-12d3-a456-426655440000', '1.2.3.4', 'fe80::1', REPEAT('ab', 90), REPEAT('ä', 300))",
    'SET GLOBAL log_bin_compress = ON',
    'UPDATE more SET text = REPEAT("longer ", 100)',
    `INSERT INTO products (name, note) VALUES ("c", REPEAT("long ", 100))`,
  ],
} as const;

for (const flavour of ['mysql', 'mariadb'] as const) {
  const server = await startMysql({ flavour });
  try {
    const { host, port } = server;
    const connection = await createConnection({ host, port, user: 'root', password: 'sluice', charset: 'utf8mb4' });
    await connection.query(flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
    for (const sql of [...STATEMENTS, ...ONLY[flavour]]) await connection.query(sql);
    const files = await logFiles(connection);
    await connection.query('FLUSH BINARY LOGS');
    await connection.end();
    const events = (await Promise.all(files.map((path) => readFile(path)))).flatMap(eventsOf);
    await writeFile(`test/fuzz/corpus/${flavour}.hex`, `${events.map((event) => event.toString('hex')).join('\n')}\n`);
    process.stdout.write(`${flavour}: ${events.length} events\n`);
  } finally {
    await server.remove();
  }
}

async function logFiles(connection: Connection): Promise<string[]> {
  const [[base]] = await connection.query<RowDataPacket[]>('SELECT @@log_bin_basename AS base');
  const [logs] = await connection.query<RowDataPacket[]>('SHOW BINARY LOGS');
  const folder = String(base?.['base']).replace(/[^/]*$/, '');
  return logs.map((log) => `${folder}${String(log['Log_name'])}`);
}

function eventsOf(file: Buffer): Buffer[] {
  const events: Buffer[] = [];
  for (let at = MAGIC_BYTES; at < file.length;) {
    const length = file.readUInt32LE(at + LENGTH_AT);
    events.push(file.subarray(at, at + length));
    at += length;
  }
  return events;
}
