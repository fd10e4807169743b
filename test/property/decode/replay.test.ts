import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventDecoder } from '../../../src/decode/event-decoder.ts';
import { EVENT } from '../../../src/decode/event-type.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import { PositionTracker } from '../../../src/model/position-tracker.ts';
import type { ChangeBatch } from '../../../src/model/row-change.ts';
import { FakeBinlog, row, UUID } from '../../support/binlog-events.ts';

interface TransactionStep {
  readonly kind: 'transaction';
  /** Rows of each row event. */
  readonly rows: readonly number[];
  readonly end: 'xid' | 'commit' | 'one phase';
  readonly gtid: boolean;
  readonly commitTimeUs: number;
}
interface DdlStep {
  readonly kind: 'ddl';
  readonly text: string;
  /** MariaDB: in a transaction, between rows. */
  readonly inside: boolean;
}
type Step = TransactionStep | DdlStep | { readonly kind: 'rotate' } | { readonly kind: 'heartbeat' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      rows: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      end: fc.constantFrom('xid' as const, 'commit' as const, 'one phase' as const),
      gtid: fc.boolean(),
      // Clocks go back as well.
      commitTimeUs: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ kind: 'rotate' }, { kind: 'heartbeat' }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ddl' as const),
      text: fc.constantFrom('ALTER TABLE t FORCE', 'TRUNCATE t', 'RENAME TABLE t TO u, v TO t', 'DROP DATABASE d'),
      inside: fc.boolean(),
    }),
  },
);

/** The log, and which events begin a transaction (or stand between them). */
function write(steps: readonly Step[]): FakeBinlog {
  const log = new FakeBinlog();
  let id = 0;
  let files = 1;
  for (const each of steps) {
    if (each.kind === 'ddl') {
      if (each.inside) {
        log.gtid().query('BEGIN').query(each.text).table();
        log.inserts([row(++id)]).xid();
      } else log.gtid().query(each.text);
    } else if (each.kind === 'rotate') log.rotate(`binlog.00000${++files}`);
    else if (each.kind === 'heartbeat') log.heartbeat();
    else {
      if (each.gtid) log.gtid(each.commitTimeUs);
      else log.anonymousGtid(each.commitTimeUs);
      (each.end === 'one phase' ? log.xaStart('a') : log.query('BEGIN')).table();
      for (const count of each.rows) log.inserts(Array.from({ length: count }, () => row(++id)));
      if (each.end === 'xid') log.xid();
      else if (each.end === 'commit') log.query('COMMIT');
      else log.xaPrepare('a', true);
    }
  }
  return log;
}

const beginning: ResumePoint = {
  position: { flavour: 'mysql', serverUuid: UUID, coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' },
  lastVersion: 0,
};

interface Reading {
  readonly seen: string[];
  /** After each batch with an end: how to continue, and how many events and changes came before. */
  readonly ends: { point: ResumePoint; seen: number }[];
}

/** Reads the events from a resume point on, taking batches behind the events in `takeAfter`. */
function read(
  log: FakeBinlog,
  from: ResumePoint,
  maxChunkBytes: number,
  takeAfter: (index: number) => boolean,
): Reading {
  const decoder = new EventDecoder({ from, maxChunkBytes, maxHeldBytes: Infinity });
  const tracker = new PositionTracker(from);
  const reading: Reading = { seen: [], ends: [] };
  const first = log.events.findIndex((_, index) => placeBefore(log, index) === placeOf(from));
  const take = (batch: ChangeBatch): void => {
    for (const change of batch.changes) {
      const what = change.kind === 'row' ? String(change.after?.['id']) : `${change.operation} ${String(change.table)}`;
      reading.seen.push(`${what}@${change.version}`);
    }
    if (batch.end === null) return;
    tracker.advance(batch.end);
    reading.ends.push({ point: tracker.resumePoint(), seen: reading.seen.length });
  };
  for (const [index, { type, event }] of log.events.entries()) {
    if (index < first || first === -1) continue;
    decoder.push(type, event);
    if (!takeAfter(index) && index < log.events.length - 1) continue;
    for (let batch = decoder.take(); batch !== null; batch = decoder.take()) take(batch);
  }
  return reading;
}

const placeOf = ({ position: { coordinates } }: ResumePoint): string => `${coordinates.file}:${coordinates.offset}`;

/** Where the event at this index begins; a server sends everything from there on. */
function placeBefore(log: FakeBinlog, index: number): string {
  let file = 'binlog.000001';
  let offset = 4;
  for (const { type, event } of log.events.slice(0, index)) {
    if (type === EVENT.rotate)
      ({ binlogName: file, position: offset } = event as unknown as { binlogName: string; position: number });
    else if (type !== EVENT.heartbeat) offset = event.nextPosition;
  }
  return `${file}:${offset}`;
}

it('gives the same rows and table changes the same versions, wherever the stream is cut into batches and begun again', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 14 }),
      fc.integer({ min: 0, max: 600 }),
      fc.infiniteStream(fc.boolean()),
      (steps, maxChunkBytes, cuts) => {
        const log = write(steps);
        const whole = read(log, beginning, Infinity, () => false);
        const cut = read(log, beginning, maxChunkBytes, () => cuts.next().value === true);
        expect(cut.seen).toEqual(whole.seen);
        for (const { point, seen } of cut.ends) {
          const again = read(log, point, maxChunkBytes, () => true);
          expect(again.seen).toEqual(whole.seen.slice(seen));
        }
      },
    ),
    { numRuns: 300 },
  );
});

it('gives versions that rise from change to change', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
      const versions = read(write(steps), beginning, 100, () => true).seen.map((text) => Number(text.split('@')[1]));
      for (const [index, version] of versions.entries()) expect(version).toBeGreaterThan(versions[index - 1] ?? 0);
    }),
  );
});
