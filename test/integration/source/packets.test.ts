/** What our own framing of packets (docs/adr/0031) must get right on a real socket: TLS, pauses in the middle, payloads over 16 MB. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificates, startMysql, testAccount, type ThrowawayMysql } from '../../../deploy/local/services.ts';
import { BinlogDecoder } from '../../../src/decode/binlog-decoder.ts';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { collect, openSource, startAtNow, toAddress, uniqueName } from './fixture.ts';

const SMALL_ROWS = 3_000;
/** Two full packets and one byte of a third, and so exactly one full packet as far as the row alone goes. */
const LARGE = [0xffffff * 2 + 1, 0xffffff - 100, 0xffffff];

describe.each(['plain', 'TLS'] as const)('packets of a %s connection', (kind) => {
  let server: ThrowawayMysql;
  let pool: Pool;
  let folder: string;
  let address: MysqlAddress;
  const database = uniqueName('packets');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-packets-'));
    const certificates = kind === 'TLS' ? await makeCertificates(folder) : null;
    const ca = certificates === null ? null : readFileSync(certificates.ca, 'utf8');
    const flags = ['--max-allowed-packet=128M'];
    server = await startMysql({ flags, ...(certificates === null ? {} : { certificates }) });
    pool = createPool({ uri: server.url, multipleStatements: true, ...(ca === null ? {} : { ssl: { ca } }) });
    address = {
      ...toAddress({ host: server.host, port: server.port, ...testAccount }),
      tls: ca === null ? null : { ca, cert: null, key: null, verify: true },
    };
    await pool.query(`CREATE DATABASE ${database}; CREATE TABLE ${database}.t (id INT PRIMARY KEY, v LONGBLOB)`);
  });
  afterAll(async () => {
    await pool.end();
    await server.remove();
    await rm(folder, { recursive: true });
  });

  it('are put together, however they are cut and however often the reader pauses', async () => {
    const pauses = vi.fn();
    const { source } = openSource({
      address,
      // So little that every few rows fill it: the connection is paused in the middle of packets, again and again.
      maxBufferedBytes: 5_000,
      createDecoder: (from, context) => {
        const decoder = new BinlogDecoder({ from, maxChunkBytes: 5_000, maxHeldBytes: 5_000, ...context });
        const push = decoder.push.bind(decoder);
        decoder.push = (bytes, start, end) => {
          push(bytes, start, end);
          if (decoder.bufferedBytes > 5_000) pauses();
        };
        return decoder;
      },
    });
    const from = await startAtNow(source);
    const wanted: [number, number, string][] = [];
    const write = async (id: number, length: number): Promise<void> => {
      const byte = (id % 251).toString(16).padStart(2, '0');
      await pool.query(`INSERT INTO ${database}.t VALUES (${id}, REPEAT(x'${byte}', ${length}))`);
      wanted.push([id, length, byte]);
    };
    for (let id = 0; id < SMALL_ROWS; id += 10) {
      const rows = Array.from({ length: 10 }, (_, index) => `(${id + index}, REPEAT(x'61', ${(id + index) % 700}))`);
      await pool.query(`INSERT INTO ${database}.t VALUES ${rows.join(', ')}`);
      for (let index = 0; index < 10; index++) wanted.push([id + index, (id + index) % 700, '61']);
    }
    for (const [index, length] of LARGE.entries()) {
      await write(SMALL_ROWS + 2 * index, length);
      await write(SMALL_ROWS + 2 * index + 1, 10);
    }
    const seen: [number, number, string][] = [];
    await collect(source, from, {
      database,
      enough: () => seen.length >= wanted.length,
      onBatch: async ({ changes }) => {
        for (const change of changes) {
          if (change.kind !== 'row' || change.table.database !== database) continue;
          const value = change.after?.['v'] as Buffer;
          const first = value.subarray(0, 1).toString('hex') || '61';
          expect(value.every((byte) => byte === value[0])).toBe(true);
          seen.push([Number(change.after?.['id']), value.length, first]);
        }
        // A reader that is slow: what comes meanwhile waits in the socket.
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    expect(seen).toEqual(wanted);
    expect(pauses.mock.calls.length).toBeGreaterThan(50);
    const [encrypted] = await pool.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'");
    expect(encrypted[0]?.['Value'] !== '').toBe(kind === 'TLS');
  }, 120_000);
});
