import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import {
  decoderOf,
  describeChange,
  eventOf,
  pushAll,
  recordedEvents,
  sealed,
  takeAll,
} from '../../support/recorded-log.ts';

const events = { mysql: recordedEvents('mysql'), mariadb: recordedEvents('mariadb') };
const shown = (flavour: 'mysql' | 'mariadb', log: readonly Buffer[] = events[flavour], options = {}): string[] => {
  const decoder = decoderOf(flavour, options);
  pushAll(decoder, log);
  return takeAll(decoder).flatMap(({ changes }) => changes.map(describeChange));
};
const typeOf = (event: Buffer): number => event[4] ?? 0;
const isDescription = (event: Buffer): boolean => typeOf(event) === EVENT.formatDescription;
const description = (flavour: 'mysql' | 'mariadb'): Buffer => events[flavour].find(isDescription) ?? Buffer.alloc(0);
/** The table and rows events of the first transaction that has rows. */
const firstOf = (type: number): Buffer => events.mysql.find((event) => typeOf(event) === type) ?? Buffer.alloc(0);

describe('the log of a real server', () => {
  it('gives each row as it was, MySQL', () => {
    const changes = shown('mysql');
    expect(changes).toHaveLength(36);
    expect(changes[0]).toBe(
      'insert shop.products {"id":"1","name":"one","price":"-12.500000","weight":"1.1","size":"2.2","kind":"a","tags":"x,z","made":"2024-02-29","sold":"2024-01-01 10:00:00.123","seen":"2024-01-01 10:00:00.123456","took":"-12:34:56.78","year":"1999","flags":"5","note":"text","picture":"00ff","big":"18446744073709551615","small":"-1","code":"01020000","doc":"{\\"a\\": [1, 2.5, null, \\"x\\"]}"}',
    );
    for (const change of [
      'insert shop.texts {"id":"1","a":"日本","b":"ä😀","c":"中文","d":"€ÿ","e":"日本","f":"é","g":"ж,щ"}',
      'update shop.texts {"id":"1"} → {"id":"1","d":"changed"}',
      'insert shop.products {"id":"9","name":"minimal"}',
      'delete shop.texts {"id":"1"}',
      'truncate shop.simple',
      'insert shop.places {"a":"7","b":"zstd","spot":null,"extra":null}',
    ]) {
      expect(changes).toContain(change);
    }
    const json = changes.find((change) => change.startsWith('insert shop.more')) ?? '';
    expect(json).toContain(
      '\\"d\\": 1.50, \\"i\\": 18446744073709551615, \\"r\\": 1e30, \\"t\\": \\"-10:11:12.500000\\"',
    );
    const partial = changes
      .filter((change) => change.startsWith('update shop.more'))
      .map((change) => change.split(' → ')[1]);
    expect(partial[2]).toContain('\\"a\\": [1, \\"two\\", {\\"deep\\"');
    expect(partial[3]).toContain('\\"a\\": [\\"two\\", {\\"deep\\"');
    // The document before it is not in the log: nobody knows what it is now.
    expect(partial[4]).toBe('{"id":"2"}');
  });

  it('gives each row as it was, MariaDB', () => {
    const changes = shown('mariadb');
    expect(changes).toHaveLength(28);
    expect(changes.find((change) => change.startsWith('insert shop.more'))).toBe(
      `insert shop.more {"id":"123e4567e89b12d3a456426655440000","four":"01020304","six":"fe800000000000000000000000000001","packed":"${'ab'.repeat(90)}","text":"${'ä'.repeat(300)}"}`,
    );
    expect(changes.filter((change) => change.startsWith('update shop.more'))[0]).toContain(`→ {"id":"123e4567`);
    expect(changes.at(-1)).toContain(`"name":"c"`);
  });

  it('gives the same when it has no checksums', () => {
    for (const flavour of ['mysql', 'mariadb'] as const) {
      const plain = events[flavour].map((event) => {
        if (!isDescription(event)) {
          const cut = Buffer.from(event.subarray(0, event.length - 4));
          cut.writeUInt32LE(cut.length, 9);
          return cut;
        }
        const without = Buffer.from(event);
        without[event.length - 5] = 0;
        return sealed(without);
      });
      expect(shown(flavour, plain)).toEqual(shown(flavour));
    }
  });

  it('refuses an event with any one byte changed', () => {
    for (const flavour of ['mysql', 'mariadb'] as const) {
      const log = events[flavour];
      for (const [index, event] of log.entries()) {
        if (event.length > 5_000) continue;
        const damaged = Buffer.from(event);
        const at = (index * 31) % event.length;
        damaged[at] = (damaged[at] ?? 0) ^ 0x10;
        const decoder = decoderOf(flavour);
        pushAll(decoder, log.slice(0, index));
        let refusal: unknown = 'none';
        try {
          pushAll(decoder, [damaged]);
        } catch (error) {
          refusal = error;
        }
        // A definition that is known by its bytes needs no other proof; its header and checksum say nothing.
        const known = typeOf(event) === EVENT.tableMap && (at < 19 || at >= event.length - 4);
        if (!known) expect(refusal, `${flavour} ${index}: byte ${at}`).toMatchObject({ code: 'SOURCE_DECODE', retryable: false }); // prettier-ignore
      }
    }
  });

  it('reads a row when somebody asks, also after thousands of other events', () => {
    const decoder = decoderOf('mysql');
    pushAll(decoder, events.mysql);
    const batches = takeAll(decoder);
    const first = batches[0]?.changes[0];
    if (first?.kind !== 'row') throw new Error('no row');
    expect([first.after?.['name'], first.after?.['big'], first.after?.['nothing']]).toEqual(['one', '18446744073709551615', undefined]); // prettier-ignore
  });
});

describe('a batch', () => {
  it('of transactions that follow each other names their GTIDs in one text', () => {
    const decoder = decoderOf('mysql');
    pushAll(decoder, events.mysql);
    const ends = takeAll(decoder).map(({ end, transactions }) => ({ gtids: end?.gtids ?? [], transactions }));
    const [{ gtids, transactions } = { gtids: [], transactions: 0 }] = ends;
    const numbers = gtids.map((gtid) => /^[0-9a-f-]{36}(?::[a-z]+)?:(\d+)(?:-(\d+))?$/.exec(gtid)?.slice(1) ?? []);
    const count = numbers.reduce((sum, [first, last = first]) => sum + Number(last) - Number(first) + 1, 0);
    expect(count).toBe(transactions);
    expect(gtids.length).toBeLessThan(count / 2);
  });

  it('has no row of an event that cannot be read to its end', () => {
    const plain = (event: Buffer): Buffer => (isDescription(event) ? event : sealed(event));
    const at = events.mysql.findIndex((event) => typeOf(event) === EVENT.updateRows);
    const rows = Buffer.from(events.mysql[at] ?? []);
    // Two bytes more behind the last row: a row that is longer than its event.
    const longer = Buffer.concat([rows.subarray(0, -4), Buffer.from([0, 0]), Buffer.alloc(4)]);
    longer.writeUInt32LE(longer.length, 9);
    const decoder = decoderOf('mysql', { maxChunkBytes: 0 });
    pushAll(decoder, events.mysql.slice(0, at));
    takeAll(decoder);
    expect(() => decoder.push(plain(longer), 0, longer.length)).toThrow(/longer than its event/);
    expect(() => decoder.take()).toThrow(/longer than its event/);
  });
});

describe('the format description', () => {
  it('must come first, but for the rotation that the server makes up', () => {
    const body = Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from('binlog.000009')]);
    const rotation = eventOf({ type: EVENT.rotate, body, seconds: 0 });
    const bare = Buffer.from(rotation.subarray(0, rotation.length - 4));
    bare.writeUInt32LE(bare.length, 9);
    for (const first of [rotation, bare]) {
      const files: string[] = [];
      const decoder = decoderOf('mysql', { onFile: (file: string) => files.push(file) });
      pushAll(decoder, [first, description('mysql')]);
      expect(files).toEqual(['binlog.000009']);
    }
    expect(() => shown('mysql', [firstOf(EVENT.gtid)])).toThrow(/before the format description/);
  });

  it('that a server made anew and did not seal is read where the log has no checksums, and only there', () => {
    const remade = (hasChecksums: boolean, nextPosition: number): Buffer => {
      const changed = Buffer.from(description('mysql'));
      changed[changed.length - 5] = hasChecksums ? 1 : 0;
      sealed(changed);
      // The position and the time, as in the middle of a file.
      changed.writeUInt32LE(nextPosition, 13);
      changed.writeUInt32LE(0, 19 + 52);
      return changed;
    };
    const heartbeat = eventOf({ type: EVENT.heartbeat, body: Buffer.from('binlog.000001'), nextPosition: 5_000 });
    const bare = Buffer.from(heartbeat.subarray(0, -4));
    bare.writeUInt32LE(bare.length, 9);
    const decoder = decoderOf('mysql');
    pushAll(decoder, [remade(false, 0), bare]);
    expect(takeAll(decoder)).toMatchObject([{ end: { coordinates: { offset: 5_000 } } }]);
    expect(() => shown('mysql', [remade(true, 0)])).toThrow(/checksum is wrong/);
    expect(shown('mysql', [remade(false, 126)])).toEqual([]);
  });

  it('that lost its word for checksums, and nothing else, is damaged: else nothing of the file would be checked', () => {
    const damaged = Buffer.from(description('mysql'));
    damaged[damaged.length - 5] = 0;
    expect(() => shown('mysql', [damaged])).toThrow(/checksum is wrong/);
  });

  it('is not there yet for a made-up rotation: a damaged checksum is not taken for none', () => {
    const body = Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from('binlog.000009')]);
    const rotation = eventOf({ type: EVENT.rotate, body, seconds: 0 });
    for (const at of [rotation.length - 1, rotation.length - 4, 19 + 8 + 3, 19]) {
      const damaged = Buffer.from(rotation);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      expect(() => shown('mysql', [damaged]), `byte ${at}`).toThrow(/checksum is wrong/);
    }
  });

  it.each([
    ['another format', 19, 3, /format 3/],
    ['a longer header', 19 + 56, 20, /header of 20 bytes/],
  ])('of %s is refused', (_, at, value, message) => {
    const changed = Buffer.from(description('mysql'));
    changed[at] = value;
    expect(() => shown('mysql', [sealed(changed)])).toThrow(message);
  });

  it('with an unknown kind of checksum is refused', () => {
    const changed = Buffer.from(description('mysql'));
    changed[changed.length - 5] = 2;
    expect(() => shown('mysql', [sealed(changed)])).toThrow(/checksum of kind 2/);
  });
});

/** A transaction of one row in a small table. */
const SIMPLE = ((): Buffer[] => {
  const at = events.mysql.findIndex((event) => typeOf(event) === EVENT.tableMap && event.includes('places'));
  return events.mysql.slice(at - 2, at + 3);
})();

it('an incident is a gap', () => {
  const incident = eventOf({ type: EVENT.incident, body: Buffer.from('010004lost', 'latin1') });
  expect(() => shown('mysql', [description('mysql'), incident])).toThrow(
    expect.objectContaining({ code: 'SOURCE_POSITION_GONE', reason: 'incident' }) as Error,
  );
});

it('a heartbeat moves the position, in both versions', () => {
  const name = Buffer.from('binlog.000001');
  const first = eventOf({ type: EVENT.heartbeat, body: name, nextPosition: 5_000 });
  const field = (type: number, value: Buffer): Buffer => Buffer.concat([Buffer.from([type, value.length]), value]);
  const position = Buffer.from('fe0000000001000000', 'hex');
  const second = eventOf({
    type: EVENT.heartbeatV2,
    body: Buffer.concat([field(1, name), field(2, position), Buffer.from([0])]),
  });
  const decoder = decoderOf('mysql');
  pushAll(decoder, [description('mysql'), first]);
  expect(takeAll(decoder)).toMatchObject([
    { changes: [], commitTimeMs: null, end: { coordinates: { offset: 5_000 } } },
  ]);
  pushAll(decoder, [second]);
  expect(takeAll(decoder)).toMatchObject([{ changes: [], end: { coordinates: { offset: 2 ** 32 } } }]);
});

describe('after an error', () => {
  it('nothing is read any more, and what came before is handed out first', () => {
    const decoder = decoderOf('mysql');
    const rows = events.mysql.findIndex((event) => typeOf(event) === EVENT.writeRows);
    const damaged = Buffer.from(events.mysql[rows + 5] ?? Buffer.alloc(0));
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    pushAll(decoder, events.mysql.slice(0, rows + 2));
    expect(() => pushAll(decoder, [damaged])).toThrow(/checksum is wrong/);
    expect(() => pushAll(decoder, events.mysql.slice(rows + 2, rows + 3))).toThrow(/checksum is wrong/);
    expect(decoder.take()?.changes).toHaveLength(1);
    expect(() => decoder.take()).toThrow(/checksum is wrong/);
  });
});

describe('compressed transactions', () => {
  const payloads = events.mysql.flatMap((event, index) => (typeOf(event) === EVENT.transactionPayload ? [index] : []));

  it('that are large hold back what comes behind them, and nothing is lost or overtaken', () => {
    const wanted = shown('mysql');
    const decoder = decoderOf('mysql', { maxChunkBytes: 2_000 });
    // Everything at once, as it may come from one chunk of the socket.
    pushAll(decoder, events.mysql);
    const [, , large = 0] = payloads;
    expect(events.mysql[large]?.length).toBeLessThan(1_000);
    const batches = takeAll(decoder);
    expect(batches.flatMap(({ changes }) => changes.map(describeChange))).toEqual(wanted);
    expect(batches.some(({ end }) => end === null)).toBe(true);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('and what waited behind them are handed out before an event that cannot be read', () => {
    const decoder = decoderOf('mysql', { maxChunkBytes: 2_000 });
    const [, , large = 0] = payloads;
    // Whole transactions behind it, and then damage.
    const behind = events.mysql.findIndex((event, index) => index > large && typeOf(event) === EVENT.xid) + 1;
    const wanted = shown('mysql', events.mysql.slice(0, behind));
    const damaged = Buffer.from(events.mysql[behind] ?? Buffer.alloc(0));
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    pushAll(decoder, [...events.mysql.slice(0, behind), damaged]);
    const seen: string[] = [];
    const takeUntilBroken = (): void => {
      for (let batch = decoder.take(); batch !== null; batch = decoder.take()) seen.push(...batch.changes.map(describeChange)); // prettier-ignore
    };
    expect(takeUntilBroken).toThrow(/checksum is wrong/);
    expect(seen).toEqual(wanted);
  });

  it('that are large do not let what waited behind them come all at once', () => {
    const [, , large = 0] = payloads;
    const decoder = decoderOf('mysql', { maxChunkBytes: 2_000 });
    const behind = Array.from({ length: 100 }, () => SIMPLE).flat();
    pushAll(decoder, events.mysql.slice(0, large));
    takeAll(decoder);
    pushAll(decoder, [...events.mysql.slice(large, large + 1), ...behind]);
    const batches = takeAll(decoder);
    expect(batches.at(-1)?.changes.map(describeChange)).toContain(shown('mysql', [description('mysql'), ...SIMPLE])[0]);
    // A row weighs 300 bytes and what it has in the log.
    expect(Math.max(...batches.map(({ changes }) => changes.length))).toBeLessThan(10);
    expect(batches.reduce((sum, { transactions = 0 }) => sum + transactions, 0)).toBeGreaterThan(100);
    expect(decoder.bufferedBytes).toBe(0);
    pushAll(decoder, SIMPLE);
    expect(takeAll(decoder)).toHaveLength(1);
  });

  it('that are large are followed by an error where it stands, not before', () => {
    const [, , large = 0] = payloads;
    const decoder = decoderOf('mysql', { maxChunkBytes: 2_000 });
    const damaged = Buffer.from(SIMPLE[3] ?? []);
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    pushAll(decoder, [...events.mysql.slice(0, large + 1), ...SIMPLE, ...SIMPLE.slice(0, 3), damaged, ...SIMPLE]);
    let rows = 0;
    expect(() => {
      for (let batch = decoder.take(); batch !== null; batch = decoder.take()) rows += batch.changes.length;
    }).toThrow(/writeRows.*checksum is wrong/);
    expect(rows).toBe(shown('mysql', events.mysql.slice(0, large + 1)).length + 2);
    expect(() => decoder.take()).toThrow(/checksum is wrong/);
  });

  it('end where they stand in the log', () => {
    const decoder = decoderOf('mysql');
    const [first = 0] = payloads;
    pushAll(decoder, events.mysql.slice(0, first + 1));
    const end = takeAll(decoder).at(-1)?.end;
    expect(end?.coordinates.offset).toBe(events.mysql[first]?.readUInt32LE(13));
  });

  const payloadOf = (fields: string, payload: string): Buffer =>
    eventOf({ type: EVENT.transactionPayload, body: Buffer.from(fields + payload, 'hex') });

  it.each([
    ['an unknown method', payloadOf('02010701010000', ''), /method 7/],
    ['what is no zstd', payloadOf('02010003010400', '00112233445566'), /not zstd/],
    ['a window of gigabytes', payloadOf('02010003010400', '28b52ffd00ff00'), /window/],
    [
      'a size that is not its own',
      payloadOf('020100030105 00'.replace(' ', ''), '28b52ffd0058010000'),
      /event|invalid|long|unexpected/i,
    ],
    [
      'the end of an event missing',
      payloadOf('0201ff0301ff00'.replace('0201ff', '0202fcff00'), '0011'),
      /known|event|short/,
    ],
  ])('with %s are refused', (_, event, message) => {
    const refusal = (): unknown => shown('mysql', [description('mysql'), firstOf(EVENT.gtid), event]);
    expect(refusal).toThrow(message);
    expect(refusal).toThrow(expect.objectContaining({ code: 'SOURCE_DECODE' }) as Error);
  });
});

describe('what is not known is refused, and says so', () => {
  const table = firstOf(EVENT.tableMap);
  const at = table.indexOf(Buffer.from('products')) + 'products'.length + 2;

  it.each([
    ['a column type', (event: Buffer) => (event[at] = 200), /type 200/],
    ['dates of MariaDB 5.3', (event: Buffer) => (event[at + 6] = 12), /5\.3/],
    ['more columns than bytes', (event: Buffer) => (event[at - 1] = 250), /too short/],
  ])('%s', (_, change, message) => {
    const changed = Buffer.from(table);
    change(changed);
    const until = events.mysql.indexOf(table);
    expect(() => shown('mysql', [...events.mysql.slice(0, until), sealed(changed)])).toThrow(message);
  });

  it('a collation', () => {
    // Of the table of texts: its collations stand one behind the other, sjis (13) first.
    const texts = events.mysql.find((event) => typeOf(event) === EVENT.tableMap && event.includes('texts')) ?? table;
    const changed = Buffer.from(texts);
    const place = changed.indexOf(Buffer.from([3, 5, 13]));
    const usual = changed.indexOf(Buffer.from([2]), changed.length - 120);
    changed[place > 0 ? place + 2 : usual + 2] = 17;
    const until = events.mysql.indexOf(texts);
    expect(() => shown('mysql', [...events.mysql.slice(0, until), sealed(changed)])).toThrow(/collation 17/);
  });
});

it('rows that wait for the commit of their XA transaction do not keep the chunk that they came in', () => {
  const decoder = decoderOf('mysql');
  const from = events.mysql.findIndex((event) => typeOf(event) === EVENT.xaPrepare);
  const log = events.mysql.slice(0, from + 3).map((event) => Buffer.from(event));
  pushAll(decoder, log.slice(0, from + 1));
  // Whatever becomes of those bytes.
  for (const event of log.slice(from - 5, from)) event.fill(0);
  pushAll(decoder, log.slice(from + 1));
  expect(
    takeAll(decoder)
      .flatMap(({ changes }) => changes.map(describeChange))
      .at(-1),
  ).toContain('"name":"xa"');
});

describe('a row', () => {
  it('of a table with columns of any name gives each its own', () => {
    const text =
      events.mysql.find((event) => typeOf(event) === EVENT.tableMap && event.includes('places')) ?? Buffer.alloc(0);
    const renamed = Buffer.from(text);
    // Columns a, b and spot: one byte, one byte and four.
    const names = renamed.indexOf(Buffer.from('\x01a\x01b\x04spot', 'latin1'));
    renamed.write('\x01 \x01$\x04with', names, 'latin1');
    const first = events.mysql.indexOf(text);
    const rows = events.mysql[first + 1] ?? Buffer.alloc(0);
    const decoder = decoderOf('mysql');
    pushAll(decoder, [
      ...events.mysql.slice(0, first),
      sealed(renamed),
      rows,
      ...events.mysql.slice(first + 2, first + 3),
    ]);
    const change = takeAll(decoder)
      .flatMap(({ changes }) => changes)
      .at(-1);
    expect(change && describeChange(change)).toBe('insert shop.places {" ":"2","$":"y","with":null}');
  });

  it('with a value that is not of its type stops the line, and names the column', () => {
    const insert = firstOf(EVENT.writeRows);
    const damaged = Buffer.from(insert);
    // ENUM('a','b'): its value is one byte behind the DOUBLE 2.2.
    const at = damaged.indexOf(Buffer.from('9a99999999990140', 'hex')) + 8;
    damaged[at] = 9;
    const decoder = decoderOf('mysql');
    pushAll(decoder, [...events.mysql.slice(0, events.mysql.indexOf(insert)), sealed(damaged)]);
    pushAll(decoder, [events.mysql[events.mysql.indexOf(insert) + 1] ?? insert]);
    const change = takeAll(decoder)
      .flatMap(({ changes }) => changes)
      .at(-1);
    expect(() => change && describeChange(change)).toThrow(
      /column kind holds a value that is no enum\('a','b'\): kind has no member 9/,
    );
  });
});

describe('the ids of tables', () => {
  const FLAGS = 19 + 6;
  const [gtid, begin, table, rows, xid] = SIMPLE;
  const changed = (event: Buffer | undefined, change: (copy: Buffer) => void): Buffer => {
    const copy = Buffer.from(event ?? []);
    change(copy);
    return sealed(copy);
  };
  const withId = (event: Buffer | undefined, id: number): Buffer =>
    changed(event, (copy) => copy.writeUIntLE(id, 19, 6));
  const open = [description('mysql'), gtid ?? firstOf(EVENT.gtid), begin ?? firstOf(EVENT.query)];
  /** More than are remembered. */
  const others = Array.from({ length: 20_001 }, (_, index) => withId(table, 1_000 + index));

  it('of an open statement are never forgotten, however many there are', () => {
    const unfinished = changed(withId(rows, 7), (copy) => copy.writeUInt16LE(0, FLAGS));
    const log = [...open, withId(table, 7), ...others, unfinished, withId(rows, 7), xid ?? firstOf(EVENT.xid)];
    // Two rows in each event.
    expect(shown('mysql', log)).toHaveLength(4);
  });

  it('are forgotten at the end of a statement when there are too many', () => {
    const decoder = decoderOf('mysql');
    pushAll(decoder, [...open, withId(table, 7), withId(rows, 7), withId(rows, 7), ...others, withId(rows, 7)]);
    // A definition that is known already is not read again: this one is.
    pushAll(decoder, [withId(table, 7), withId(rows, 7)]);
    expect(() => pushAll(decoder, [withId(rows, 1_000)])).toThrow(/table id 1000, which nothing has defined/);
  });
});

it('compressed rows weigh what they are in memory', () => {
  const at = events.mariadb.findIndex((event) => typeOf(event) === EVENT.writeRowsV1);
  const plain = events.mariadb[at] ?? Buffer.alloc(0);
  // A table id and flags, the number of columns and a bit for each.
  const columns = plain[19 + 8] ?? 0;
  const rowsAt = 19 + 8 + 1 + ((columns + 7) >> 3);
  const rows = Buffer.concat(Array.from({ length: 500 }, () => plain.subarray(rowsAt, -4)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(rows.length);
  const body = Buffer.concat([plain.subarray(19, rowsAt), Buffer.from([0x84]), length, deflateSync(rows)]);
  const compressed = eventOf({ type: EVENT.writeRowsCompressedV1, body });
  expect(compressed.length).toBeLessThan(rows.length / 20);
  const decoder = decoderOf('mariadb');
  pushAll(decoder, [...events.mariadb.slice(0, at), compressed, ...events.mariadb.slice(at + 1, at + 2)]);
  const batch = takeAll(decoder).at(-1);
  expect(batch?.changes.filter(({ kind }) => kind === 'row')).toHaveLength(500);
  expect(batch?.sizeBytes).toBeGreaterThan(rows.length);
});

describe('the time of a commit', () => {
  const GTID_TIME = 19 + 1 + 16 + 8 + 1 + 16;
  const versionWith = (us: number): number => {
    const [gtid = Buffer.alloc(0), ...rest] = SIMPLE;
    const copy = Buffer.from(gtid);
    copy.writeUIntLE(us % 2 ** 48, GTID_TIME, 6);
    copy[GTID_TIME + 6] = us / 2 ** 48;
    const decoder = decoderOf('mysql');
    pushAll(decoder, [description('mysql'), sealed(copy), ...rest]);
    return takeAll(decoder)[0]?.changes[0]?.version ?? 0;
  };

  it('that a session made up is not believed beyond the years that a header knows', () => {
    const header = (SIMPLE[0] ?? Buffer.alloc(4)).readUInt32LE(0) * 1e6;
    expect(versionWith(1_700_000_000_000_007)).toBe(1_700_000_000_000_007);
    expect(versionWith(2 ** 32 * 1e6 - 1)).toBe(2 ** 32 * 1e6 - 1);
    for (const us of [2 ** 32 * 1e6, 2 ** 53 + 2, 2 ** 55 - 8]) expect(versionWith(us), String(us)).toBe(header);
  });
});
