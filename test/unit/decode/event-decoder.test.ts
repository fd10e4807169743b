import { describe, expect, it } from 'vitest';
import { EventDecoder } from '../../../src/decode/event-decoder.ts';
import { EVENT } from '../../../src/decode/event-type.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import type { Change, ChangeBatch, RowChange } from '../../../src/model/row-change.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { FakeBinlog, row, UUID, type LoggedEvent } from '../../support/binlog-events.ts';

const start = (lastVersion = 0, flavour: 'mysql' | 'mariadb' = 'mysql'): ResumePoint => ({
  position: { flavour, serverUuid: UUID, coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' },
  lastVersion,
});

function decoderFor(options: { from?: ResumePoint; maxChunkBytes?: number } = {}): EventDecoder {
  return new EventDecoder({ from: options.from ?? start(), maxChunkBytes: options.maxChunkBytes ?? 1_000_000 });
}

/** Everything the events give when batches are taken only at the end. */
function decode(log: FakeBinlog, decoder = decoderFor()): ChangeBatch[] {
  push(decoder, log.events);
  return takeAll(decoder);
}

function push(decoder: EventDecoder, events: readonly LoggedEvent[]): void {
  for (const { type, event } of events) decoder.push(type, event);
}

function takeAll(decoder: EventDecoder): ChangeBatch[] {
  const batches: ChangeBatch[] = [];
  for (let batch = decoder.take(); batch !== null; batch = decoder.take()) batches.push(batch);
  return batches;
}

const ids = (batch: ChangeBatch | undefined): unknown[] =>
  rows(batch?.changes ?? []).map((change) => (change.after ?? change.before)?.['id']);

function rows(changes: readonly Change[]): RowChange[] {
  return changes.filter((change) => change.kind === 'row');
}

describe('borders of transactions', () => {
  it('end with the XID of InnoDB, and the batch says what it adds to the position', () => {
    const log = new FakeBinlog().transaction(1, 1_700_000_000_000_007);
    expect(decode(log)).toMatchObject([
      {
        changes: [
          {
            operation: 'insert',
            before: null,
            after: row(1),
            version: 1_700_000_000_000_007,
            table: { database: 'shop', name: 'products', primaryKey: ['id'] },
            transaction: { gtid: `${UUID}:1`, commitTimeUs: 1_700_000_000_000_007, begin: { offset: 4 } },
          },
        ],
        sizeBytes: 100,
        end: { coordinates: { file: 'binlog.000001', offset: log.offset }, gtids: [`${UUID}:1`] },
        commitTimeMs: 1_700_000_000_000.007,
      },
    ]);
  });

  it('end with COMMIT for engines without transactions', () => {
    const log = new FakeBinlog()
      .gtid()
      .query('BEGIN')
      .table()
      .deletes([row(1)])
      .query('COMMIT');
    expect(decode(log)).toMatchObject([{ changes: [{ operation: 'delete', before: row(1), after: null }], end: {} }]);
  });

  it('hold back the rows of a transaction that has no end yet', () => {
    const decoder = decoderFor();
    const log = new FakeBinlog()
      .transaction(1)
      .gtid()
      .query('BEGIN')
      .table()
      .inserts([row(2)]);
    push(decoder, log.events);
    expect(takeAll(decoder).map(ids)).toEqual([[1]]);
    expect(decoder.bufferedBytes).toBe(100 + 300); // its bytes, and what a decoded row weighs
    push(decoder, new FakeBinlog().xid().events);
    expect(takeAll(decoder).map(ids)).toEqual([[2]]);
  });

  it('make DDL a transaction of its own, without rows', () => {
    const log = new FakeBinlog().gtid().query('CREATE TABLE t (id INT)').gtid().query('GRANT SELECT ON t TO me');
    expect(decode(log)).toMatchObject([{ changes: [], end: { gtids: [`${UUID}:1`, `${UUID}:2`] } }]);
  });

  it('keep DDL inside a transaction inside (CREATE TABLE … SELECT)', () => {
    const log = new FakeBinlog().gtid().query('BEGIN').query('CREATE TABLE t (id INT) START TRANSACTION');
    const decoder = decoderFor();
    push(decoder, log.table().inserts([row(1)]).events);
    expect(takeAll(decoder)).toEqual([]);
    push(decoder, new FakeBinlog().xid().events);
    expect(takeAll(decoder).map(ids)).toEqual([[1]]);
  });

  it('are not moved by savepoints', () => {
    const log = new FakeBinlog()
      .gtid()
      .query('BEGIN')
      .query('SAVEPOINT `a`')
      .table()
      .inserts([row(1)]);
    log
      .query('ROLLBACK TO `a`')
      .query('RELEASE SAVEPOINT `a`')
      .inserts([row(2)])
      .xid();
    expect(decode(log).map(ids)).toEqual([[1, 2]]);
  });

  it('end with a ROLLBACK query too: what an engine without transactions wrote before it stays', () => {
    const log = new FakeBinlog().gtid().query('BEGIN').table();
    log.inserts([row(1)]).query('ROLLBACK');
    expect(decode(log)).toMatchObject([{ changes: [{ after: row(1) }], end: { gtids: [`${UUID}:1`] } }]);
  });

  it('take MariaDB’s GTID event for BEGIN, or for all of a standalone statement', () => {
    const log = new FakeBinlog()
      .mariadbGtid(false)
      .query('CREATE TABLE t (id INT)')
      .table()
      .inserts([row(1)]);
    log.query('COMMIT').mariadbGtid(true).query('TRUNCATE t');
    const batches = decode(log, decoderFor({ from: start(0, 'mariadb') }));
    expect(batches).toMatchObject([
      { changes: [{ after: row(1) }, { operation: 'truncate' }], end: { gtids: ['0-1-1', '0-1-2'] } },
    ]);
  });

  it('need no GTIDs: an anonymous GTID event, or BEGIN alone, opens a transaction too', () => {
    const log = new FakeBinlog()
      .anonymousGtid()
      .query('BEGIN')
      .table()
      .inserts([row(1)])
      .xid();
    log
      .query('BEGIN')
      .table()
      .inserts([row(2)])
      .xid()
      .query('DROP TABLE t');
    const batches = decode(log);
    expect(batches.map(ids)).toEqual([[1, 2]]);
    expect(batches).toMatchObject([{ end: { gtids: [], coordinates: { offset: log.offset } } }]);
    expect(batches[0]?.changes[0]?.transaction.gtid).toBeNull();
  });

  it('stay where they were when MariaDB writes no offsets inside a transaction', () => {
    const log = new FakeBinlog().mariadbGtid(false).add(EVENT.tableMap, tableFields, 40, 0);
    log.add(EVENT.writeRows, { tableId: 1, images: [row(1)] }, 100, 0).xid();
    const [batch] = decode(log);
    expect(batch?.end?.coordinates.offset).toBe(log.offset);
  });
});

const tableFields = {
  tableId: 1,
  schemaName: 'shop',
  tableName: 'products',
  columns: [{ name: 'id', columnType: 'int', charset: null }],
};

describe('versions', () => {
  it('count every row from the commit time, and never fall back behind the last one', () => {
    const log = new FakeBinlog().gtid(5_000).query('BEGIN').table();
    log
      .inserts([row(1), row(2)])
      .deletes([row(3)])
      .xid()
      .transaction(4, 1_000)
      .transaction(5, 9_000);
    expect(decode(log)[0]?.changes.map(({ version }) => version)).toEqual([5_000, 5_001, 5_002, 5_003, 9_000]);
  });

  it('go on from the last version of the resume point', () => {
    const decoder = decoderFor({ from: start(8_000) });
    expect(decode(new FakeBinlog().transaction(1, 1_000), decoder)).toMatchObject([
      { changes: [{ version: 8_001 }], end: { lastVersion: 8_001 } },
    ]);
  });

  it('do not change for a transaction without rows', () => {
    const log = new FakeBinlog().transaction(1, 5_000).gtid(9_000).query('CREATE TABLE t (id INT)');
    expect(decode(log)).toMatchObject([{ end: { lastVersion: 5_000 } }]);
  });

  it('count a table change like a row', () => {
    const log = new FakeBinlog().gtid(5_000).query('BEGIN').table();
    log
      .inserts([row(1)])
      .query('TRUNCATE t')
      .inserts([row(2)])
      .xid();
    log.gtid(4_000).query('DROP TABLE a, b');
    expect(decode(log)[0]?.changes.map(({ kind, version }) => [kind, version])).toEqual([
      ['row', 5_000],
      ['table', 5_001],
      ['row', 5_002],
      ['table', 5_003],
      ['table', 5_004],
    ]);
  });
});

describe('a table change', () => {
  const tableChanges = (log: FakeBinlog, lowerCaseNames = false): unknown[] =>
    decode(log, new EventDecoder({ from: start(), maxChunkBytes: 1_000, lowerCaseNames }))
      .flatMap(({ changes }) => changes)
      .map((change) => (change.kind === 'row' ? 'row' : [change.operation, change.database, change.table]));

  it('stands between the rows of the transactions before and after it', () => {
    const log = new FakeBinlog().transaction(1).gtid().query('TRUNCATE TABLE products').transaction(2);
    expect(tableChanges(log)).toEqual(['row', ['truncate', 'shop', 'products'], 'row']);
  });

  it('has the facts of its transaction', () => {
    const log = new FakeBinlog().transaction(1).gtid(1_700_000_000_000_009).query('DROP DATABASE `Shop`');
    expect(decode(log)[0]?.changes[1]).toEqual({
      kind: 'table',
      operation: 'drop',
      database: 'Shop',
      table: null,
      version: 1_700_000_000_000_009,
      transaction: {
        gtid: `${UUID}:2`,
        commitTimeUs: 1_700_000_000_000_009,
        begin: { file: 'binlog.000001', offset: 4 + 4 * 40 + 100 },
      },
    });
  });

  it('has the names that the server stores, where it stores them in lower case', () => {
    const log = new FakeBinlog().gtid().query('TRUNCATE Products', 'Shop').gtid().query('DROP DATABASE Shop');
    expect(tableChanges(log)).toEqual([
      ['truncate', 'Shop', 'Products'],
      ['drop', 'Shop', null],
    ]);
    expect(tableChanges(log, true)).toEqual([
      ['truncate', 'shop', 'products'],
      ['drop', 'shop', null],
    ]);
  });

  it('weighs as much as a row, and what is decoded of a huge statement is handed over in chunks too', () => {
    const decoder = decoderFor({ maxChunkBytes: 500 });
    push(decoder, new FakeBinlog().gtid().query('BEGIN').query('DROP TABLE a').events);
    expect(decoder.bufferedBytes).toBe(40 + 300);
    expect(decoder.take()).toBeNull();
    push(decoder, new FakeBinlog().query('DROP TABLE b').events);
    expect(decoder.take()).toMatchObject({ changes: [{ table: 'a' }, { table: 'b' }], end: null, sizeBytes: 80 });
  });
});

describe('a transaction larger than the chunk size', () => {
  it('is handed over in chunks that end nothing, whose versions go on', () => {
    const decoder = decoderFor({ maxChunkBytes: 150 });
    push(
      decoder,
      new FakeBinlog()
        .transaction(1, 1_000)
        .gtid(5_000)
        .query('BEGIN')
        .table()
        .inserts([row(2), row(3)]).events,
    );
    const first = takeAll(decoder);
    expect(first.map(ids)).toEqual([[1], [2, 3]]);
    expect(first.map(({ end }) => end === null)).toEqual([false, true]);
    expect(decoder.bufferedBytes).toBe(0);
    push(decoder, new FakeBinlog().inserts([row(4)]).xid().events);
    const [last] = takeAll(decoder);
    expect(last?.changes.map(({ version }) => version)).toEqual([5_002]);
    expect(last?.end).toMatchObject({ gtids: [`${UUID}:2`], lastVersion: 5_002 });
  });

  it('is cut by what its rows weigh in memory: many narrow rows are few bytes in the log', () => {
    const rows = Array.from({ length: 20 }, (_, id) => row(id));
    const open = (): FakeBinlog => new FakeBinlog().gtid().query('BEGIN').table();
    const narrow = decoderFor({ maxChunkBytes: 5_000 });
    push(narrow, open().inserts(rows).events);
    expect(takeAll(narrow).map(({ end, changes }) => [end, changes.length])).toEqual([[null, 20]]);
    const few = decoderFor({ maxChunkBytes: 5_000 });
    push(few, open().inserts(rows.slice(0, 3)).events);
    expect(takeAll(few)).toEqual([]);
  });

  it('ends with an empty batch when its last chunk is gone already', () => {
    const decoder = decoderFor({ maxChunkBytes: 50 });
    push(
      decoder,
      new FakeBinlog()
        .gtid()
        .query('BEGIN')
        .table()
        .inserts([row(1)]).events,
    );
    expect(takeAll(decoder)).toMatchObject([{ end: null }]);
    push(decoder, new FakeBinlog().xid().events);
    expect(takeAll(decoder)).toMatchObject([{ changes: [], sizeBytes: 0, end: {} }]);
  });
});

describe('the place in the log', () => {
  it('moves to another file with a rotation, real or artificial', () => {
    const log = new FakeBinlog().artificialRotate('binlog.000007', 200).add(EVENT.formatDescription, {}, 40, 0);
    log.offset = 200;
    log.transaction(1).rotate('binlog.000008').transaction(2);
    expect(decode(log)).toMatchObject([
      {
        changes: [
          { transaction: { begin: { file: 'binlog.000007', offset: 200 } } },
          { transaction: { begin: { file: 'binlog.000008', offset: 4 } } },
        ],
        end: { coordinates: { file: 'binlog.000008', offset: log.offset } },
      },
    ]);
  });

  it('moves with a heartbeat, in an empty batch that says nothing is waiting', () => {
    const log = new FakeBinlog().transaction(1);
    const decoder = decoderFor();
    decode(log, decoder);
    const later = new FakeBinlog().heartbeat('binlog.000001', 9_999);
    expect(decode(later, decoder)).toEqual([
      {
        changes: [],
        sizeBytes: 0,
        transactions: 0,
        end: { coordinates: { file: 'binlog.000001', offset: 9_999 }, gtids: [], lastVersion: 1_700_000_000_000_000 },
        commitTimeMs: null,
      },
    ]);
  });

  it('does not move with a heartbeat inside a transaction', () => {
    const log = new FakeBinlog()
      .gtid()
      .query('BEGIN')
      .table()
      .inserts([row(1)])
      .heartbeat();
    expect(decode(log)).toEqual([]);
  });
});

describe('a file beyond 4 GiB, whose headers cannot say where their events end', () => {
  const FOUR_GIB = 2 ** 32;
  const withoutSet: ResumePoint = { ...start(), position: { ...start().position, gtidSet: null } };

  /** A transaction that crosses it; another behind it; the next file. */
  function crossing(): FakeBinlog {
    const log = new FakeBinlog().transaction(1).gtid().query('BEGIN').table();
    const rows = (id: number, nextPosition: number): FakeBinlog =>
      log.add(EVENT.writeRows, { tableId: 1, images: [row(id)] }, 100, nextPosition);
    rows(2, FOUR_GIB - 1_000);
    rows(3, 500);
    log.add(EVENT.xid, {}, 40, 540);
    log.gtid().query('BEGIN').table();
    // As much again: its headers are above the last one that was true.
    rows(4, FOUR_GIB - 10);
    log.add(EVENT.xid, {}, 40, 30);
    return log;
  }

  it('has no end to resume from until the next file begins, if there are no GTIDs', () => {
    const decoder = decoderFor({ from: withoutSet });
    const log = crossing();
    const first = log.events.findIndex(({ type }) => type === EVENT.xid) + 1;
    push(decoder, log.events.slice(0, first));
    expect(takeAll(decoder)).toMatchObject([{ end: { coordinates: { file: 'binlog.000001' } } }]);
    push(decoder, log.events.slice(first));
    const [held] = takeAll(decoder);
    expect(ids(held)).toEqual([2, 3, 4]);
    expect(held).toMatchObject({ end: null, heldEnds: 2 });
    const behind = new FakeBinlog().rotate('binlog.000002').events;
    push(decoder, behind);
    expect(takeAll(decoder)).toEqual([]);
    push(decoder, new FakeBinlog().add(EVENT.formatDescription, {}, 122).events);
    expect(takeAll(decoder)).toMatchObject([
      { changes: [], end: { coordinates: { file: 'binlog.000002', offset: 4 } } },
    ]);
    const later = new FakeBinlog();
    later.offset = 126;
    push(decoder, later.transaction(5).events);
    expect(takeAll(decoder)).toMatchObject([{ end: { coordinates: { file: 'binlog.000002', offset: later.offset } } }]);
  });

  it('holds nothing back with GTIDs', () => {
    const batches = decode(crossing());
    expect(batches).toMatchObject([{ end: { gtids: [`${UUID}:1`, `${UUID}:2`, `${UUID}:3`] } }]);
  });

  it('is not taken for one because a made-up event has an earlier place', () => {
    const log = new FakeBinlog().transaction(1);
    log.add(EVENT.previousGtids, {}, 40, 100).transaction(2);
    expect(decode(log, decoderFor({ from: withoutSet }))).toMatchObject([
      { end: { coordinates: { offset: log.offset } } },
    ]);
  });
});

describe('tables', () => {
  it('are the same object as long as the definition is, whatever their id', () => {
    const log = new FakeBinlog()
      .transaction(1)
      .gtid()
      .query('BEGIN')
      .table(77)
      .inserts([row(2)], 77)
      .xid();
    log.rotate('binlog.000002').transaction(3);
    const [first, second, third] = decode(log)[0]?.changes ?? [];
    expect(second?.table).toBe(first?.table);
    expect(third?.table).toBe(first?.table);
  });

  it('are another object when a column changed', () => {
    const columns = [{ name: 'id', columnType: 'bigint', charset: null }];
    const log = new FakeBinlog()
      .transaction(1)
      .gtid()
      .query('BEGIN')
      .table(1, { columns })
      .inserts([{ id: 1 }])
      .xid();
    const [first, second] = rows(decode(log)[0]?.changes ?? []);
    expect(second?.table).not.toBe(first?.table);
    expect(second?.table.columns.map(({ type }) => type)).toEqual(['bigint']);
  });
});

describe('what cannot be read stops the line and says where', () => {
  const broken: [string, FakeBinlog, RegExp][] = [
    ['an unknown type', new FakeBinlog().add(250), /unknown \(type 250\)/],
    [
      'rows of an undefined table',
      new FakeBinlog()
        .gtid()
        .query('BEGIN')
        .inserts([row(1)]),
      /table id 1/,
    ],
    ['rows outside a transaction', new FakeBinlog().table().inserts([row(1)]), /outside any transaction/],
    ['a commit without a beginning', new FakeBinlog().xid(), /never began/],
    [
      'rows logged as a statement',
      new FakeBinlog().gtid().query('BEGIN').query('UPDATE t SET a = 1'),
      /binlog_format=ROW/,
    ],
    [
      'a transaction that never ends',
      new FakeBinlog()
        .gtid()
        .query('BEGIN')
        .table()
        .inserts([row(1)])
        .gtid(),
      /has no end/,
    ],
    [
      'a table id of the file before',
      new FakeBinlog()
        .transaction(1)
        .rotate('b.2')
        .gtid()
        .query('BEGIN')
        .inserts([row(2)]),
      /id 1/,
    ],
  ];

  it.each(broken)('%s', (_, log, message) => {
    const decoder = decoderFor();
    const last = log.events.pop() as LoggedEvent;
    push(decoder, log.events);
    const { place } = decoder;
    let error: unknown;
    try {
      decoder.push(last.type, last.event);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: 'SOURCE_DECODE' });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(place);
  });

  it('and an incident is a gap: the source has lost changes, and says so', () => {
    const decoder = decoderFor();
    const { type, event } = new FakeBinlog().add(EVENT.incident).events[0] as LoggedEvent;
    expect(() => decoder.push(type, event)).toThrow(
      expect.objectContaining({ code: 'SOURCE_POSITION_GONE', reason: 'incident' }) as Error,
    );
  });

  it('passes over events that carry nothing', () => {
    const log = new FakeBinlog().add(EVENT.previousGtids).add(EVENT.stop).add(EVENT.binlogCheckpoint).transaction(1);
    expect(decode(log).map(ids)).toEqual([[1]]);
  });
});
