import { describe, expect, it } from 'vitest';
import { EventDecoder, type EventDecoderOptions } from '../../../src/decode/event-decoder.ts';
import { xidOf, xidOfStatement } from '../../../src/decode/xa/xid.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import { endsTransaction, type ChangeBatch } from '../../../src/model/row-change.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { FakeBinlog, row, UUID } from '../../support/binlog-events.ts';

const from = (flavour: 'mysql' | 'mariadb', gtidSet: string | null): ResumePoint => ({
  position: { flavour, serverUuid: UUID, coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet },
  lastVersion: 0,
});
const WITH_GTIDS = from('mysql', '');
const WITHOUT_GTIDS = from('mysql', null);
const MARIADB = from('mariadb', '');

function decoderFor(options: Partial<EventDecoderOptions> = {}): EventDecoder {
  return new EventDecoder({ from: WITH_GTIDS, maxChunkBytes: 100_000, ...options });
}

/** The batch of each step: what is there when its events have come. */
function decode(decoder: EventDecoder, ...steps: readonly FakeBinlog[]): (ChangeBatch | null)[] {
  let done = 0;
  return steps.map(({ events }) => {
    for (const { type, event } of events.slice(done)) decoder.push(type, event);
    done = events.length;
    return decoder.take();
  });
}

/** The log as it is after each step. */
function stepped(...steps: readonly ((log: FakeBinlog) => unknown)[]): FakeBinlog[] {
  const log = new FakeBinlog();
  return steps.map((step) => {
    step(log);
    return Object.assign(new FakeBinlog(), { events: [...log.events], offset: log.offset });
  });
}

const prepare =
  (xid: string, ids: readonly number[], tableId = 1) =>
  (log: FakeBinlog) =>
    log
      .gtid(5_000)
      .xaStart(xid)
      .table(tableId)
      .inserts(
        ids.map((id) => row(id)),
        tableId,
      )
      .xaPrepare(xid);
const anonymousPrepare = (xid: string, id: number) => (log: FakeBinlog) =>
  log
    .anonymousGtid(5_000)
    .xaStart(xid)
    .table()
    .inserts([row(id)])
    .xaPrepare(xid);
const ordinary = (id: number) => (log: FakeBinlog) => log.transaction(id, 6_000);
const end = (kind: 'COMMIT' | 'ROLLBACK', xid: string) => (log: FakeBinlog) => log.gtid(9_000).xaEnd(kind, xid);

const idsOf = (batch: ChangeBatch | null | undefined): unknown[] =>
  batch?.changes.map((change) => (change.kind === 'row' ? change.after?.['id'] : [change.operation, change.table])) ??
  [];

describe('the rows of an XA transaction', () => {
  it('wait for the transaction that commits them, and have its version, its GTID and its place', () => {
    const steps = stepped(prepare('a', [1, 2]), ordinary(3), end('COMMIT', 'a'));
    const batches = decode(decoderFor(), ...steps);
    expect(batches.map(idsOf)).toEqual([[], [3], [1, 2]]);
    expect(batches[2]?.changes).toMatchObject([{ version: 9_000 }, { version: 9_001 }]);
    expect(batches[2]?.changes[0]?.transaction).toEqual({
      gtid: `${UUID}:3`,
      commitTimeUs: 9_000,
      begin: { file: 'binlog.000001', offset: steps[1]?.offset },
    });
  });

  it('are dropped when it is rolled back', () => {
    const batches = decode(decoderFor(), ...stepped(prepare('a', [1]), end('ROLLBACK', 'a'), ordinary(2)));
    expect(batches.map(idsOf)).toEqual([[], [], [2]]);
    expect(batches[1]?.end?.gtids).toEqual([`${UUID}:1`, `${UUID}:2`]);
  });

  it('come at once from a commit in one phase', () => {
    const [log] = stepped((each) =>
      each
        .gtid(5_000)
        .xaStart('a')
        .table()
        .inserts([row(1)])
        .xaPrepare('a', true),
    );
    expect(decode(decoderFor(), log ?? new FakeBinlog())).toMatchObject([
      { changes: [{ after: row(1), version: 5_000 }], end: { gtids: [`${UUID}:1`] } },
    ]);
  });

  it('belong to the xid that is committed, whatever the order', () => {
    const steps = stepped(prepare('a', [1]), prepare('b', [2]), end('COMMIT', 'b'), end('COMMIT', 'a'));
    expect(decode(decoderFor(), ...steps).map(idsOf)).toEqual([[], [], [2], [1]]);
  });

  it('keep the table they were written to, although its id means another one now', () => {
    const steps = stepped(
      prepare('a', [1]),
      (log) =>
        log
          .gtid()
          .query('BEGIN')
          .table(1, { name: 'orders' })
          .inserts([row(2)])
          .xid(),
      end('COMMIT', 'a'),
    );
    const batches = decode(decoderFor(), ...steps);
    expect(batches[2]?.changes[0]?.table).toMatchObject({ name: 'products' });
  });

  it('begin with the GTID event of MariaDB, which says that it will be prepared', () => {
    const steps = stepped(
      (log) =>
        log
          .mariadbGtid(false, true)
          .table()
          .inserts([row(1)])
          .xaPrepare('a'),
      (log) => log.mariadbGtid(true).xaEnd('COMMIT', 'a'),
    );
    expect(decode(decoderFor({ from: MARIADB }), ...steps).map(idsOf)).toEqual([[], [1]]);
  });

  it('are not skipped when a transaction begins behind an XA transaction without an end', () => {
    const log = new FakeBinlog()
      .gtid()
      .xaStart('a')
      .table()
      .inserts([row(1)])
      .gtid();
    expect(() => decode(decoderFor(), log)).toThrow(/has no end/);
  });

  it('stop the line when a PREPARE does not say where its transaction began', () => {
    const log = new FakeBinlog()
      .gtid()
      .query('BEGIN')
      .table()
      .inserts([row(1)])
      .xaPrepare('a');
    expect(() => decode(decoderFor(), log)).toThrow(SluiceError);
  });
});

describe('the position while an XA transaction is prepared', () => {
  it('leaves out the GTID of its PREPARE until it ends: the server sends it again', () => {
    const steps = stepped(ordinary(1), prepare('a', [2]), ordinary(3), end('COMMIT', 'a'));
    expect(decode(decoderFor(), ...steps).map((batch) => batch?.end?.gtids)).toEqual([
      [`${UUID}:1`],
      [],
      [`${UUID}:3`],
      [`${UUID}:2`, `${UUID}:4`],
    ]);
  });

  it('stays where it is without GTIDs, and moves behind the end of the last one', () => {
    const finish = (kind: 'COMMIT' | 'ROLLBACK', xid: string) => (log: FakeBinlog) =>
      log.anonymousGtid(9_000).xaEnd(kind, xid);
    const steps = stepped(
      (log) =>
        log
          .anonymousGtid(1_000)
          .query('BEGIN')
          .table()
          .inserts([row(1)])
          .xid(),
      anonymousPrepare('a', 2),
      anonymousPrepare('b', 3),
      finish('COMMIT', 'a'),
      (log) => log.heartbeat(),
      finish('ROLLBACK', 'b'),
    );
    const batches = decode(decoderFor({ from: WITHOUT_GTIDS }), ...steps);
    const offsets = batches.map((batch) => batch?.end?.coordinates.offset ?? null);
    expect(offsets).toEqual([steps[0]?.offset, null, null, null, null, steps[5]?.offset]);
    expect(batches.map((batch) => batch?.heldEnds)).toEqual([undefined, 1, 1, 1, 0, undefined]);
    expect(batches.every((batch) => batch !== null && endsTransaction(batch))).toBe(true);
  });

  it('keeps no GTID that it does not gain: coordinates of a server that has them', () => {
    const others = Array.from({ length: 50 }, (_, id) => ordinary(id));
    const steps = stepped(prepare('a', [100]), ...others, end('COMMIT', 'a'));
    const batches = decode(decoderFor({ from: WITHOUT_GTIDS }), ...steps);
    expect(batches.slice(0, -1).map((batch) => [batch?.end, batch?.heldEnds])).toEqual(
      steps.slice(1).map(() => [null, 1]),
    );
    expect(batches.at(-1)?.end?.gtids).toEqual([`${UUID}:52`]);
  });

  it('is that of the last end before the PREPARE when both come in one batch', () => {
    const steps = stepped(ordinary(1), anonymousPrepare('a', 2), ordinary(3));
    const decoder = decoderFor({ from: WITHOUT_GTIDS });
    for (const { type, event } of steps[2]?.events ?? []) decoder.push(type, event);
    const batch = decoder.take();
    expect(idsOf(batch)).toEqual([1, 3]);
    expect(batch?.end).toMatchObject({ coordinates: { offset: steps[0]?.offset }, lastVersion: 6_000 });
    expect(batch?.heldEnds).toBe(2);
  });

  it('gains on MariaDB the last GTID of each domain at once when it may move again', () => {
    const finish = (log: FakeBinlog) => log.mariadbGtid(true).xaEnd('COMMIT', 'a');
    const inDomain = (domain: number) => (log: FakeBinlog) =>
      log
        .mariadbGtid(false, false, domain)
        .table()
        .inserts([row(9)])
        .xid();
    const steps = stepped(
      (log) =>
        log
          .mariadbGtid(false, true)
          .table()
          .inserts([row(1)])
          .xaPrepare('a'),
      inDomain(0),
      inDomain(3),
      inDomain(3),
      finish,
    );
    const batches = decode(decoderFor({ from: MARIADB }), ...steps);
    expect(batches.map((batch) => batch?.end?.gtids ?? null)).toEqual([
      null,
      null,
      null,
      null,
      ['0-1-2', '3-1-4', '0-1-5'],
    ]);
  });

  it('moves at once for a reader that never resumes', () => {
    const decoder = decoderFor({ resumable: false });
    const steps = stepped(prepare('a', [1]), end('COMMIT', 'a'));
    expect(decode(decoder, ...steps).map((batch) => batch?.end?.gtids)).toEqual([[`${UUID}:1`], [`${UUID}:2`]]);
    const anonymous = decoderFor({ resumable: false, from: WITHOUT_GTIDS });
    expect(decode(anonymous, ...stepped(anonymousPrepare('a', 1)))[0]?.end).not.toBeNull();
  });

  it('says which transactions are prepared, and which is the oldest', () => {
    const decoder = decoderFor();
    const steps = stepped(prepare('a', [1]), prepare('b', [2]), end('COMMIT', 'a'));
    decode(decoder, ...steps.slice(0, 2));
    expect(decoder.prepared.count).toBe(2);
    expect(decoder.prepared.oldest).toMatchObject({ gtid: `${UUID}:1`, preparedAtMs: 5 });
    for (const { type, event } of steps[2]?.events.slice(steps[1]?.events.length) ?? []) decoder.push(type, event);
    expect(decoder.prepared.oldest?.gtid).toBe(`${UUID}:2`);
  });
});

describe('what an XA transaction changed without saying it', () => {
  it('is everything when it was prepared before the beginning, and nothing when it is rolled back', () => {
    const batches = decode(decoderFor(), ...stepped(end('COMMIT', 'a'), end('ROLLBACK', 'b')));
    expect(batches[0]?.changes).toMatchObject([
      { kind: 'table', operation: 'unknown_rows', database: null, table: null, version: 9_000 },
    ]);
    expect(batches[1]?.changes).toEqual([]);
  });

  it('is everything in its tables when its rows were too many to keep; the versions behind it are the same', () => {
    const many = Array.from({ length: 20 }, (_, id) => row(id));
    const fill = (log: FakeBinlog): unknown =>
      log
        .gtid(5_000)
        .xaStart('a')
        .table()
        .inserts(many)
        .table(2, { name: 'orders' })
        .inserts([row(1)], 2)
        .xaPrepare('a');
    const steps = stepped(fill, end('COMMIT', 'a'), ordinary(7));
    const [, committed, after] = decode(decoderFor({ maxChunkBytes: 2_000 }), ...steps);
    expect(committed?.changes).toMatchObject([
      { operation: 'unknown_rows', database: 'shop', table: 'products', version: 9_019 },
      { operation: 'unknown_rows', database: 'shop', table: 'orders', version: 9_020 },
    ]);
    const [, whole, behind] = decode(decoderFor(), ...steps);
    expect(whole?.changes.length).toBe(21);
    expect(after?.changes[0]?.version).toBe(behind?.changes[0]?.version);
  });

  it('takes the rows of the largest first: an abandoned one does not crowd out the others', () => {
    const steps = stepped(
      prepare('big', [1, 2, 3, 4]),
      prepare('small', [5]),
      end('COMMIT', 'small'),
      end('COMMIT', 'big'),
    );
    const batches = decode(decoderFor({ maxChunkBytes: 1_700 }), ...steps);
    expect(batches.slice(2).map(idsOf)).toEqual([[5], [['unknown_rows', 'products']]]);
  });

  it('is everything in the tables of one whose name was used again although its end never came', () => {
    const steps = stepped(prepare('a', [1]), prepare('a', [2]), end('COMMIT', 'a'));
    const batches = decode(decoderFor(), ...steps);
    expect(batches.map(idsOf)).toEqual([[], [['unknown_rows', 'products']], [2]]);
    expect(batches[1]?.end?.gtids).toEqual([`${UUID}:1`]);
  });
});

describe('the name of an XA transaction', () => {
  const bytes = { xidGtrid: Buffer.from([0, 0xff]), xidBqual: Buffer.from('b') };
  const event = { timestamp: 0, nextPosition: 0, size: 0, onePhase: false, ...bytes };

  it('is the same in the event of a PREPARE and in the statement that ends it', () => {
    expect(xidOf({ ...event, xidFormatId: 7 })).toBe(xidOfStatement("XA COMMIT X'00ff',X'62',7"));
    expect(xidOf({ ...event, xidFormatId: 7 })).toBe(xidOfStatement("XA ROLLBACK X'00FF',X'62',7"));
    const large = xidOf({ ...event, xidFormatId: 0xffff_ffff });
    expect([large, large]).toEqual(
      ["XA COMMIT X'00ff',X'62',-1", "XA COMMIT X'00ff',X'62',4294967295"].map(xidOfStatement),
    );
  });

  it('tells parts of another length apart', () => {
    expect(xidOfStatement("XA COMMIT X'61',X'6262',1")).not.toBe(xidOfStatement("XA COMMIT X'6162',X'62',1"));
    expect(xidOfStatement('XA COMMIT something')).toBeNull();
  });
});

it('rolls back what never was prepared', () => {
  const log = new FakeBinlog()
    .gtid()
    .xaStart('a')
    .table()
    .inserts([row(1)])
    .xaEnd('ROLLBACK', 'a');
  expect(decode(decoderFor(), log)).toMatchObject([{ changes: [], end: { gtids: [`${UUID}:1`] } }]);
});
