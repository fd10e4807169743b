/** `binlog_checksum` may be changed at any time; then files with checksums and without stand one behind the other. */
import { expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import type { RowChange } from '../../../src/model/row-change.ts';
import { collect, openDatabase, openSource, startAtNow, toAddress } from './fixture.ts';

const ids = (changes: readonly RowChange[]): unknown[] => changes.map(({ after }) => after?.['id']);

it.each([
  ['MySQL', 'mysql', []],
  ['MySQL without GTIDs', 'mysql', ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']],
  ['MariaDB', 'mariadb', []],
] as const)(
  '%s is read on when checksums are switched off, before, in between and behind',
  async (_, flavour, flags) => {
    const server = await startMysql({ flavour, flags: [...flags, '--binlog-checksum=NONE'] });
    onTestFinished(() => server.remove());
    const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
    const { pool, database } = await openDatabase(address);
    const insert = (id: number): Promise<unknown> => pool.query('INSERT INTO t VALUES (?)', [id]);
    const read = async (from: ResumePoint, count: number): Promise<unknown[]> => {
      const { source } = openSource({ address });
      return ids((await collect(source, from, { database, enough: ({ length }) => length >= count })).changes);
    };
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
    // In the middle of a file without checksums.
    const without = await startAtNow(openSource({ address }).source);
    await insert(1);
    expect(await read(without, 1)).toEqual([1]);
    await pool.query('SET GLOBAL binlog_checksum=CRC32');
    const sealed = await startAtNow(openSource({ address }).source);
    await insert(2);
    expect(await read(sealed, 1)).toEqual([2]);
    await pool.query('SET GLOBAL binlog_checksum=NONE');
    await insert(3);
    // From where there were checksums, on a server that has none now.
    expect(await read(sealed, 2)).toEqual([2, 3]);
    const again = await startAtNow(openSource({ address }).source);
    await server.restart();
    await insert(4).catch(() => insert(4));
    expect(await read(again, 1)).toEqual([4]);
    expect(await read(without, 4)).toEqual([1, 2, 3, 4]);
  },
);
