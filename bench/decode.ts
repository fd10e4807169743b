/**
 * How fast rows are decoded and evaluated by one rule, against the client library's own parser with an empty handler: both are fed the same
 * recorded packets, in one process, turn by turn.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import ZongJi from '@vlasky/zongji';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { startMysql } from '../deploy/local/services.ts';
import { BinlogDecoder } from '../src/decode/binlog-decoder.ts';
import { NO_EPOCHS } from '../src/model/position.ts';
import { RuleEvaluator } from '../src/rules/evaluate/evaluate.ts';
import { loadRules } from '../src/rules/rule-file.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { Metrics } from '../src/runtime/metrics.ts';
import { inTurns } from './in-turns.ts';
import { atLeast, type Bench, type Comparison, type Scenario } from './scenario.ts';

const MAGIC_BYTES = 4;
const LENGTH_AT = 9;
/** At least: each takes a second, and the first ones compile. */
const ROUNDS = 7;
/** As many events as a chunk of the socket has. */
const CHUNK_BYTES = 64 * 1024;

interface Size {
  readonly transactions: number;
  readonly rowsEach: number;
}

export const decode: Scenario = {
  name: 'decode',
  about: 'decoding and evaluating recorded packets beside the parser of zongji, without any server',
  run: async (bench) => [
    await compare(bench, { transactions: 20_000, rowsEach: 1 }),
    await compare(bench, { transactions: 1_000, rowsEach: 100 }),
  ],
};

/** Events of single updates of a table with ten columns, each behind the marker byte of its packet. */
export async function record({ transactions, rowsEach }: Size): Promise<Buffer[]> {
  const server = await startMysql({});
  try {
    const connection = await createConnection({ uri: server.url, multipleStatements: true });
    await connection.query(`CREATE DATABASE bench; USE bench;
      CREATE TABLE wide (id INT PRIMARY KEY, category_id INT NOT NULL, name VARCHAR(60) NOT NULL, price DECIMAL(10,2) NOT NULL,
        stock INT NOT NULL, active TINYINT NOT NULL, weight DOUBLE NOT NULL, created DATETIME NOT NULL, note VARCHAR(100), tag CHAR(8));
      SET SESSION cte_max_recursion_depth = 10000000;
      INSERT INTO wide WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${transactions * rowsEach})
        SELECT i, i % 100, CONCAT('Product number ', i), 12.5, 7, 1, 0.5, '2026-01-01 10:00:00', 'a note of average length', 'tag' FROM n;
      CREATE PROCEDURE singly() BEGIN DECLARE i INT DEFAULT 0; WHILE i < ${transactions} DO
        UPDATE wide SET stock = stock + 1 WHERE id > i * ${rowsEach} AND id <= (i + 1) * ${rowsEach}; SET i = i + 1; END WHILE; END;
      SET GLOBAL sync_binlog = 0; SET GLOBAL innodb_flush_log_at_trx_commit = 0; FLUSH BINARY LOGS; CALL singly(); FLUSH BINARY LOGS`);
    const [[base]] = await connection.query<RowDataPacket[]>('SELECT @@log_bin_basename AS base');
    const [logs] = await connection.query<RowDataPacket[]>('SHOW BINARY LOGS');
    await connection.end();
    const file = String(logs.at(-2)?.['Log_name']);
    return packetsOf(await readFile(`${String(base?.['base']).replace(/[^/]*$/, '')}${file}`));
  } finally {
    await server.remove();
  }
}

/** In chunks, as they come from the socket: a packet's header is four bytes, and a marker byte comes before the event. */
function packetsOf(log: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = MAGIC_BYTES; at < log.length;) {
    const length = log.readUInt32LE(at + LENGTH_AT);
    packets.push(Buffer.concat([Buffer.alloc(5), log.subarray(at, at + length)]));
    at += length;
  }
  return packets;
}

export interface Chunk {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

export function chunksOf(packets: readonly Buffer[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (let first = 0; first < packets.length;) {
    let [last, size] = [first, 0];
    while (last < packets.length && size < CHUNK_BYTES) size += packets[last++]?.length ?? 0;
    let at = 0;
    const ends = packets.slice(first, last).map((packet) => (at += packet.length));
    chunks.push({ bytes: Buffer.concat(packets.slice(first, last)), ends });
    first = last;
  }
  return chunks;
}

const RULES = `rules: [{ name: row, table: bench.wide, keys: ['row:{id}:{category_id}'], action: delete }]`;
const ruleSet = loadRules([{ file: 'rules.yaml', text: RULES }]);

/** Events go in, and are counted as rows or as the invalidations that they give. */
export class Pipeline {
  readonly #decoder: BinlogDecoder;
  readonly #evaluator: RuleEvaluator | null;
  readonly #context = { captureTimeMs: 0, epochs: NO_EPOCHS, signal: new AbortController().signal };
  #count = 0;

  constructor(isEvaluated: boolean) {
    const coordinates = { file: 'b.1', offset: 4 };
    const position = { flavour: 'mysql', serverUuid: '', coordinates, gtidSet: '' } as const;
    this.#decoder = new BinlogDecoder({ from: { position, lastVersion: 0 }, maxChunkBytes: 4_000_000 });
    const evaluator = { ruleSet, metrics: new Metrics(), lookup: null, clock: systemClock };
    this.#evaluator = isEvaluated ? new RuleEvaluator(evaluator) : null;
  }

  push(bytes: Buffer, start: number, end: number): void {
    this.#decoder.push(bytes, start, end);
  }

  /** How many there were so far. */
  take(): number {
    for (let batch = this.#decoder.take(); batch !== null; batch = this.#decoder.take()) {
      const evaluation = this.#evaluator?.evaluate(batch, this.#context);
      // No rule looks anything up.
      if (evaluation instanceof Promise) throw new Error('an evaluation that waits');
      this.#count += evaluation?.invalidations.length ?? batch.changes.length;
    }
    return this.#count;
  }
}

/** By one that goes on from round to round: what it makes for each table is made once, as in a daemon. */
export function ours(chunks: readonly Chunk[], pipeline: Pipeline): number {
  const before = pipeline.take();
  for (const { bytes, ends } of chunks) {
    let at = 0;
    for (const end of ends) {
      pipeline.push(bytes, at + 5, end);
      at = end;
    }
    pipeline.take();
  }
  return pipeline.take() - before;
}

interface StockEvent {
  readonly tableId: number;
  readonly schemaName: string;
  readonly tableName: string;
  readonly rows?: readonly unknown[];
  getTypeName(): string;
  buildColumnSchemas(): unknown[];
  updateColumnInfo(): void;
}

type StockClass = new (callback: (error: unknown, event: StockEvent | undefined) => void) => {
  next: unknown;
  binlogData(packet: object, connection: unknown): unknown;
};

const require = createRequire(import.meta.url);
const { default: classOf } = (await import(require.resolve('@vlasky/zongji').replace(/index\.js$/, 'lib/sequence/binlog.js'))) as { default: (zongji: ZongJi) => StockClass }; // prettier-ignore

/** As zongji's own handler does it when it has full metadata. */
export function stock(chunks: readonly Chunk[]): number {
  const zongji = new ZongJi({});
  const state = zongji as unknown as { useChecksum: boolean; tableMap: Record<number, object>; connection: object };
  state.useChecksum = true;
  state.connection = { config: { dateStrings: true, timezone: 'Z' } };
  let rows = 0;
  const command = new (classOf(zongji))((error, event) => {
    if (error !== undefined && error !== null) throw error as Error;
    if (event === undefined) return;
    if (event.getTypeName() === 'TableMap') {
      state.tableMap[event.tableId] = { columnSchemas: event.buildColumnSchemas(), parentSchema: event.schemaName, tableName: event.tableName }; // prettier-ignore
      event.updateColumnInfo();
    } else rows += event.rows?.length ?? 0;
  });
  const packet = { buffer: Buffer.alloc(0), offset: 0, end: 0, isEOF: () => false, isError: () => false };
  for (const { bytes, ends } of chunks) {
    let at = 0;
    for (const end of ends) {
      Object.assign(packet, { buffer: bytes, offset: at + 4, end });
      command.binlogData(packet, state.connection);
      at = end;
    }
  }
  return rows;
}

async function compare({ runs, progress }: Bench, size: Size): Promise<Comparison> {
  const chunks = chunksOf(await record(size));
  const total = size.transactions * size.rowsEach;
  const [decoding, evaluating] = [new Pipeline(false), new Pipeline(true)];
  const measured = (run: () => number | Promise<number>) => async () => {
    const began = performance.now();
    const count = await run();
    if (count !== total) throw new Error(`${count} of ${total} rows`);
    return { rate: total / ((performance.now() - began) / 1000) };
  };
  const what = `recorded packets, ${size.rowsEach} rows in a transaction`;
  const { rate } = await inTurns({ runs: Math.max(runs, ROUNDS), progress }, what, {
    'zongji parser': measured(() => stock(chunks)),
    'sluice, decoded': measured(() => ours(chunks, decoding)),
    'sluice, evaluated': measured(() => ours(chunks, evaluating)),
  });
  const ratios = [{ of: 'sluice, evaluated', to: 'zongji parser', goal: atLeast(10) }];
  return { what, unit: 'rows/s', results: rate, ratios };
}
