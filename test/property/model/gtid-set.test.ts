import { GtidSet as OracleMysql, MariadbGtidPosition } from '@vlasky/zongji';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGtidSet } from '../../../src/model/gtid-set.ts';

const UUIDS = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '2c256447-3f0d-431b-9a25-bddf1f1f6ef6'];
const source = fc.tuple(fc.constantFrom(...UUIDS), fc.constantFrom('', ':tag_a', ':b')).map((parts) => parts.join(''));
const mysqlGtid = fc.tuple(source, fc.integer({ min: 1, max: 40 })).map(([name, number]) => `${name}:${number}`);
const mariadbGtid = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 50 }))
  .map((parts) => parts.join('-'));

describe('a MySQL GTID set', () => {
  it('holds the same as the set of the client library, whatever the order of adding', () => {
    fc.assert(
      fc.property(fc.array(mysqlGtid, { maxLength: 120 }), mysqlGtid, (gtids, probe) => {
        const set = parseGtidSet('mysql', '');
        const oracle = new OracleMysql();
        for (const gtid of gtids) {
          set.add(gtid);
          oracle.add(gtid);
        }
        expect(set.toString()).toBe(oracle.toString());
        expect(set.contains(probe)).toBe(oracle.contains(probe));
        expect(set.isEmpty()).toBe(oracle.isEmpty());
        expect(parseGtidSet('mysql', set.toString()).toString()).toBe(set.toString());
      }),
    );
  });

  it('reads what the server prints: upper case, line breaks, overlapping intervals', () => {
    const text = `${UUIDS[0]?.toUpperCase()}:1-5:4-9:20:tag_a:3:1-2,\n${UUIDS[1]}:7`;
    expect(parseGtidSet('mysql', text).toString()).toBe(OracleMysql.parse(text).toString());
  });

  it('refuses what is no GTID set', () => {
    for (const text of ['x:1', `${UUIDS[0]}`, `${UUIDS[0]}:`, `${UUIDS[0]}:0`, `${UUIDS[0]}:5-3`, `${UUIDS[0]}:tag`]) {
      expect(() => parseGtidSet('mysql', text), text).toThrow(/GTID/);
    }
    expect(() => parseGtidSet('mysql', '').add('nonsense')).toThrow(/GTID/);
  });

  it('refuses numbers it could not keep exactly instead of rounding them', () => {
    expect(() => parseGtidSet('mysql', `${UUIDS[0]}:9007199254740993`)).toThrow(/2\^53/);
  });
});

describe('a MariaDB GTID position', () => {
  it('holds the same as the position of the client library', () => {
    fc.assert(
      fc.property(fc.array(mariadbGtid, { maxLength: 60 }), mariadbGtid, (gtids, probe) => {
        const set = parseGtidSet('mariadb', '');
        const oracle = new MariadbGtidPosition();
        for (const gtid of gtids) {
          set.add(gtid);
          const [domainId, serverId, seqNo] = gtid.split('-').map(Number);
          oracle.add({ domainId: domainId ?? 0, serverId: serverId ?? 0, seqNo: seqNo ?? 0 });
        }
        expect(set.toString()).toBe(oracle.toString());
        expect(set.contains(probe)).toBe(oracle.covers(probe));
        expect(parseGtidSet('mariadb', set.toString()).toString()).toBe(set.toString());
      }),
    );
  });

  it('refuses what is no GTID position', () => {
    for (const text of ['1-2', 'a-b-c', '0-1-2,0-1-3', '4294967296-1-1', '0-1-99999999999999999999']) {
      expect(() => parseGtidSet('mariadb', text), text).toThrow(/GTID/);
    }
  });
});
