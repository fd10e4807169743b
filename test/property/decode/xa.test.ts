import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventDecoder } from '../../../src/decode/event-decoder.ts';
import { parseGtidSet } from '../../../src/model/gtid-set.ts';
import { PositionTracker } from '../../../src/model/position-tracker.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import type { Change } from '../../../src/model/row-change.ts';
import { FakeBinlog, row, UUID, type LoggedEvent } from '../../support/binlog-events.ts';

/** Interleavings of XA and ordinary transactions, read by a model of the three kinds of servers, cut and begun again. */

type Server = 'mysql' | 'mysql without GTIDs' | 'mariadb';
type Step =
  | { readonly kind: 'ordinary' | 'one phase'; readonly rows: number }
  | { readonly kind: 'prepare'; readonly xid: number; readonly rows: number }
  | { readonly kind: 'commit' | 'rollback'; readonly xid: number }
  | { readonly kind: 'rotate' | 'heartbeat' };

const rows = fc.integer({ min: 0, max: 4 });
const xid = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('ordinary', 'one phase'), rows }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('prepare'), xid, rows }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('commit', 'commit', 'rollback'), xid }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('rotate', 'heartbeat') }) },
);

/** What stands in the log as one group: all of it is sent, or nothing. */
interface Group {
  readonly gtid: string | null;
  readonly begin: string;
  readonly end: string;
  readonly events: readonly LoggedEvent[];
}

class ModelServer {
  readonly #server: Server;
  readonly #log = new FakeBinlog();
  readonly #prepared = new Map<number, readonly number[]>();
  readonly groups: Group[] = [];
  /** Ids of the rows in the order in which they became visible. */
  readonly visible: number[] = [];
  #id = 0;
  #files = 1;
  #clock = 0;

  constructor(server: Server, steps: readonly Step[]) {
    this.#server = server;
    for (const each of steps) this.#take(each);
  }

  /** Every group that a replica with this position does not have. */
  after({ position }: ResumePoint): readonly LoggedEvent[] {
    if (this.#server === 'mysql without GTIDs') {
      const { file, offset } = position.coordinates;
      const first = this.groups.findIndex(({ begin }) => begin === `${file}:${offset}`);
      return first === -1 ? [] : this.groups.slice(first).flatMap(({ events }) => events);
    }
    const has = parseGtidSet(position.flavour, position.gtidSet ?? '');
    // It begins in the oldest file that it needs, and says so.
    const wanted = this.groups.filter(({ gtid }) => gtid === null || !has.contains(gtid));
    const [file = '', offset = ''] = (wanted[0]?.begin ?? '').split(':');
    const start = new FakeBinlog().artificialRotate(file, Number(offset)).events;
    return wanted.length === 0 ? [] : [...start, ...wanted.flatMap(({ events }) => events)];
  }

  #take(each: Step): void {
    const log = this.#log;
    switch (each.kind) {
      case 'ordinary':
      case 'one phase':
        return this.#group((ids) => {
          // MariaDB logs a commit in one phase as any other.
          if (each.kind === 'ordinary' || this.#server === 'mariadb') this.#rows('BEGIN', each.rows, ids).xid();
          else this.#rows('one', each.rows, ids).xaPrepare('one', true);
          this.visible.push(...ids);
        });
      case 'prepare':
        if (this.#prepared.has(each.xid)) return;
        return this.#group((ids) => {
          this.#rows(`x${each.xid}`, each.rows, ids).xaPrepare(`x${each.xid}`);
          this.#prepared.set(each.xid, ids);
        }, true);
      case 'commit':
      case 'rollback': {
        const ids = this.#prepared.get(each.xid);
        if (ids === undefined) return;
        this.#prepared.delete(each.xid);
        if (each.kind === 'commit') this.visible.push(...ids);
        return this.#group(() => log.xaEnd(each.kind === 'commit' ? 'COMMIT' : 'ROLLBACK', `x${each.xid}`));
      }
      case 'rotate':
        return this.#loose(() => log.rotate(`binlog.00000${++this.#files}`));
      case 'heartbeat':
        return this.#loose(() => log.heartbeat());
    }
  }

  #rows(begin: string, count: number, ids: number[]): FakeBinlog {
    const log = this.#log;
    if (this.#server !== 'mariadb') {
      if (begin === 'BEGIN') log.query('BEGIN');
      else log.xaStart(begin);
    }
    log.table();
    for (let made = 0; made < count; made++) ids.push(++this.#id);
    return count === 0 ? log : log.inserts(ids.map((id) => row(id)));
  }

  #group(write: (ids: number[]) => void, preparedXa = false): void {
    const log = this.#log;
    // A clock that stands still and goes back now and then.
    this.#clock = (this.#clock * 7 + 3) % 40;
    log.seconds = this.#clock;
    const [first, begin] = [log.events.length, this.#place];
    if (this.#server === 'mysql') log.gtid(this.#clock);
    else if (this.#server === 'mariadb') log.mariadbGtid(false, preparedXa, this.groups.length % 2);
    else log.anonymousGtid(this.#clock);
    write([]);
    const events = log.events.slice(first);
    const { gtid = null } = (events[0]?.event ?? {}) as { gtid?: string };
    this.groups.push({
      gtid: this.#server === 'mysql without GTIDs' ? null : gtid,
      begin,
      end: this.#place,
      events,
    });
  }

  /** Belongs to the group before it, or comes first. */
  #loose(write: () => unknown): void {
    const [first, begin] = [this.#log.events.length, this.#place];
    write();
    this.groups.push({ gtid: null, begin, end: this.#place, events: this.#log.events.slice(first) });
  }

  get #place(): string {
    return `${this.#log.file}:${this.#log.offset}`;
  }
}

interface Seen {
  readonly text: string;
  readonly version: number;
}

function read(server: ModelServer, from: ResumePoint, maxHeldBytes: number, takeNow: () => boolean) {
  const decoder = new EventDecoder({ from, maxChunkBytes: 500, maxHeldBytes });
  const tracker = new PositionTracker(from);
  const seen: Seen[] = [];
  const points: ResumePoint[] = [from];
  const take = (): void => {
    for (let batch = decoder.take(); batch !== null; batch = decoder.take()) {
      seen.push(...batch.changes.map(describe));
      if (batch.end === null) continue;
      tracker.advance(batch.end);
      points.push(tracker.resumePoint());
    }
  };
  for (const { type, event } of server.after(from)) {
    decoder.push(type, event);
    if (takeNow()) take();
  }
  take();
  return { seen, points };
}

function describe(change: Change): Seen {
  const text =
    change.kind === 'row'
      ? String(change.after?.['id'])
      : `${change.operation} ${String(change.database)}.${String(change.table)}`;
  return { text, version: change.version };
}

const beginning = (server: Server): ResumePoint => ({
  position: {
    flavour: server === 'mariadb' ? 'mariadb' : 'mysql',
    serverUuid: UUID,
    coordinates: { file: 'binlog.000001', offset: 4 },
    gtidSet: server === 'mysql without GTIDs' ? null : '',
  },
  lastVersion: 0,
});

const servers = fc.constantFrom<Server>('mysql', 'mysql without GTIDs', 'mariadb');
const steps = fc.array(step, { maxLength: 16 });
const cuts = fc.infiniteStream(fc.boolean());

it('delivers what is committed and nothing else, with the same versions from whatever position it begins again', () => {
  fc.assert(
    fc.property(servers, steps, cuts, (kind, all, cut) => {
      const server = new ModelServer(kind, all);
      const whole = read(server, beginning(kind), Infinity, () => cut.next().value === true);
      expect(whole.seen.map(({ text }) => text)).toEqual(server.visible.map(String));
      for (const point of whole.points) {
        const again = read(server, point, Infinity, () => true);
        expect(again.seen).toEqual(whole.seen.filter(({ version }) => version > point.lastVersion));
      }
    }),
    { numRuns: 1_000 },
  );
});

it('names at least the table of every row it could not keep, and gives the others the same versions', () => {
  fc.assert(
    fc.property(servers, steps, fc.integer({ min: 0, max: 2_000 }), (kind, all, maxHeldBytes) => {
      const server = new ModelServer(kind, all);
      const { seen, points } = read(server, beginning(kind), maxHeldBytes, () => true);
      const exact = read(server, beginning(kind), Infinity, () => true);
      const kept = seen.filter(({ text }) => text !== 'unknown_rows shop.products');
      expect(exact.seen).toEqual(expect.arrayContaining(kept));
      const flushes = seen.filter((each) => !kept.includes(each)).map(({ version }) => version);
      for (const { text, version } of exact.seen) {
        if (kept.some((each) => each.text === text)) continue;
        // The flush has the version of a row of the same transaction, or of the last of them.
        expect(flushes.some((flush) => flush >= version)).toBe(true);
      }
      expect(points.at(-1)?.lastVersion).toBe(exact.points.at(-1)?.lastVersion);
    }),
    { numRuns: 300 },
  );
});
