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
  'ALTER TABLE places ADD extra INT',
  'RENAME TABLE plain TO simple',
  'TRUNCATE TABLE simple',
  'DROP TABLE simple',
];
/** What only one of them has. */
const ONLY = {
  mysql: [
    "SET gtid_next = 'AUTOMATIC:tag'",
    'INSERT INTO products (name) VALUES ("tagged")',
    "SET gtid_next = 'AUTOMATIC'",
  ],
  mariadb: ['SET GLOBAL log_bin_compress = ON', `INSERT INTO products (name, note) VALUES ("c", REPEAT("long ", 100))`],
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
