import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Coordinates } from './workload.ts';

/** What the transactions of a backlog look like. */
export interface Shape {
  readonly rows: number;
  readonly rowsEach: number;
  /** 10, or 40. */
  readonly columns: number;
  readonly isCompressed: boolean;
}

export interface WrittenBacklog {
  readonly from: Coordinates;
  /** In the same file. */
  readonly to: Coordinates;
  readonly rows: number;
}

export const BACKLOG_DATABASE = 'sluice_backlog';
export const BACKLOG_TABLE = `${BACKLOG_DATABASE}.items`;
/** Updated again and again. */
const ROWS_IN_TABLE = 50_000;

const TEN = {
  category_id: 'INT NOT NULL|id % 100',
  name: "VARCHAR(60) NOT NULL|CONCAT('Product number ', id)",
  price: 'DECIMAL(10,2) NOT NULL|12.5',
  stock: 'INT NOT NULL|0',
  active: 'TINYINT NOT NULL|1',
  weight: 'DOUBLE NOT NULL|0.5',
  created: "DATETIME NOT NULL|'2026-01-01 10:00:00'",
  note: "VARCHAR(100)|'a note of average length'",
  tag: "CHAR(8)|'tag'",
};
/** What the columns behind the tenth are of, in turn. */
const MORE = ['INT|7', "VARCHAR(40)|'some text'", 'DECIMAL(12,4)|3.1415', "DATETIME(6)|'2026-01-01 10:00:00.123456'", 'BIGINT|1234567890123']; // prettier-ignore

/** Written by the server itself: a client would take minutes. The rows that are updated are not in the log. */
export async function writeBacklog(mysqlUrl: string, shape: Shape): Promise<WrittenBacklog> {
  const connection = await createConnection({ uri: mysqlUrl, multipleStatements: true });
  try {
    const columns = columnsOf(shape.columns);
    const blocks = Math.floor(ROWS_IN_TABLE / shape.rowsEach);
    await connection.query(`SET SESSION sql_log_bin = 0, SESSION cte_max_recursion_depth = 1000000;
      DROP DATABASE IF EXISTS ${BACKLOG_DATABASE}; CREATE DATABASE ${BACKLOG_DATABASE}; USE ${BACKLOG_DATABASE};
      CREATE TABLE items (id INT PRIMARY KEY, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')});
      INSERT INTO items WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < ${ROWS_IN_TABLE})
        SELECT id, ${columns.map(({ value }) => value).join(', ')} FROM n;
      CREATE PROCEDURE fill() BEGIN DECLARE i INT DEFAULT 0; DECLARE first INT; WHILE i < ${Math.ceil(shape.rows / shape.rowsEach)} DO
        SET first = (i % ${blocks}) * ${shape.rowsEach};
        UPDATE items SET stock = stock + 1 WHERE id > first AND id <= first + ${shape.rowsEach}; SET i = i + 1; END WHILE; END;
      SET SESSION sql_log_bin = 1, SESSION binlog_transaction_compression = ${shape.isCompressed ? 'ON' : 'OFF'};
      FLUSH BINARY LOGS`);
    const from = await endOfLog(connection);
    await connection.query('CALL fill()');
    const to = await endOfLog(connection);
    if (to.file !== from.file) throw new Error('the backlog does not fit into one file of the log');
    return { from, to, rows: Math.ceil(shape.rows / shape.rowsEach) * shape.rowsEach };
  } finally {
    await connection.end();
  }
}

/** An empty table, of which the log knows nothing. */
export async function makeEmptyTable(mysqlUrl: string): Promise<void> {
  await query(mysqlUrl, `SET SESSION sql_log_bin = 0;
    DROP DATABASE IF EXISTS ${BACKLOG_DATABASE}; CREATE DATABASE ${BACKLOG_DATABASE};
    CREATE TABLE ${BACKLOG_TABLE} (id INT PRIMARY KEY, ${columnsOf(10).map(({ name, type }) => `${name} ${type}`).join(', ')})`); // prettier-ignore
}

/** One INSERT of all rows into the empty table. */
export async function writeHugeTransaction(mysqlUrl: string, rows: number): Promise<void> {
  await query(mysqlUrl, `SET SESSION cte_max_recursion_depth = 10000000;
    INSERT INTO ${BACKLOG_TABLE} WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < ${rows})
      SELECT id, ${columnsOf(10).map(({ value }) => value).join(', ')} FROM n`); // prettier-ignore
}

/** Single-row transactions of so many tables (`t0`, `t1` …) in turn. */
export async function writeManyTables(mysqlUrl: string, tables: number, transactions: number): Promise<WrittenBacklog> {
  const connection = await createConnection({ uri: mysqlUrl, multipleStatements: true });
  try {
    const each = (statement: (table: string) => string): string =>
      Array.from({ length: tables }, (_, i) => statement(`t${i}`)).join(';\n');
    const columns = columnsOf(10);
    await connection.query(`SET SESSION sql_log_bin = 0;
      DROP DATABASE IF EXISTS ${BACKLOG_DATABASE}; CREATE DATABASE ${BACKLOG_DATABASE}; USE ${BACKLOG_DATABASE};
      CREATE TABLE sample (id INT PRIMARY KEY, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')});
      INSERT INTO sample SELECT id, ${columns.map(({ value }) => value).join(', ')} FROM (SELECT 1 AS id) AS one;
      ${each((table) => `CREATE TABLE ${table} LIKE sample; INSERT INTO ${table} SELECT * FROM sample`)};
      CREATE PROCEDURE fill() BEGIN DECLARE i INT DEFAULT 0; WHILE i < ${Math.ceil(transactions / tables)} DO
        ${each((table) => `UPDATE ${table} SET stock = stock + 1`)}; SET i = i + 1; END WHILE; END;
      SET SESSION sql_log_bin = 1; FLUSH BINARY LOGS`);
    const from = await endOfLog(connection);
    await connection.query('CALL fill()');
    return { from, to: await endOfLog(connection), rows: Math.ceil(transactions / tables) * tables };
  } finally {
    await connection.end();
  }
}

export async function dropBacklog(mysqlUrl: string): Promise<void> {
  await query(mysqlUrl, `DROP DATABASE IF EXISTS ${BACKLOG_DATABASE}`);
}

async function query(mysqlUrl: string, sql: string): Promise<void> {
  const connection = await createConnection({ uri: mysqlUrl, multipleStatements: true });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

async function endOfLog(connection: Connection): Promise<Coordinates> {
  const [[row]] = await connection.query<RowDataPacket[]>('SHOW BINARY LOG STATUS');
  return { file: String(row?.['File']), offset: Number(row?.['Position']) };
}

function columnsOf(count: number): { name: string; type: string; value: string }[] {
  const more = Array.from({ length: count - 10 }, (_, i) => [`extra${i}`, MORE[i % MORE.length] ?? '']);
  return [...Object.entries(TEN), ...more].map(([name = '', text = '']) => {
    const [type = '', value = ''] = text.split('|');
    return { name, type, value };
  });
}
