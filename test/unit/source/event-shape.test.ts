import { describe, expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import { requireShape } from '../../../src/source/event-shape.ts';

const check = (type: number, body: readonly number[], columns?: number) => (): void => {
  const buffer = Buffer.from([...Array.from({ length: 20 }, () => 0), ...body]);
  requireShape(type, { buffer, offset: 0, end: buffer.length }, () => columns);
};
const TABLE_AND_FLAGS = [7, 0, 0, 0, 0, 0, 1, 0];
const rows = (...rest: readonly number[]): number[] => [...TABLE_AND_FLAGS, 2, 0, ...rest];
const tableMap = (...rest: readonly number[]): number[] => [...TABLE_AND_FLAGS, 1, 0x64, 0, 1, 0x74, 0, ...rest];

describe('an event of rows', () => {
  it('has as many columns as its table, and all of them in each image', () => {
    expect(check(EVENT.writeRows, rows(2, 0b11), 2)).not.toThrow();
    expect(check(EVENT.updateRows, rows(9, 0xff, 1, 0xff, 1), 9)).not.toThrow();
    expect(check(EVENT.writeRowsV1, [...TABLE_AND_FLAGS, 2, 0b11], 2)).not.toThrow();
    expect(check(EVENT.writeRows, rows(0), 2)).toThrow(/0 columns/);
    expect(check(EVENT.writeRows, rows(1, 1), 2)).toThrow(/1 columns of a table that has 2/);
    // Without any column zongji would read rows for ever.
    expect(check(EVENT.writeRows, rows(1, 0), 1)).toThrow(/binlog_row_image=FULL/);
    expect(check(EVENT.updateRows, rows(1, 1, 0), 1)).toThrow(/binlog_row_image=FULL/);
    expect(check(EVENT.updateRows, rows(1, 1), 1)).toThrow(/too short/);
  });

  it('does not send the reader backwards, nor beyond its end', () => {
    expect(check(EVENT.writeRows, [...TABLE_AND_FLAGS, 0, 0, 2, 3], 2)).toThrow(/extra data/);
    expect(check(EVENT.writeRows, [...TABLE_AND_FLAGS, 0xff, 0xff, 2, 3], 2)).toThrow(/too short/);
    expect(check(EVENT.writeRows, rows(0xfe, 0, 0, 0, 0, 0, 0, 0, 1), 2)).toThrow(/no table has/);
  });

  it('of an unknown table is left to the client library, which leaves it out', () => {
    expect(check(EVENT.writeRows, [...TABLE_AND_FLAGS])).not.toThrow();
  });
});

it('a table has columns, and no more than its event has room for', () => {
  expect(check(EVENT.tableMap, tableMap(2, 3, 3))).not.toThrow();
  expect(check(EVENT.tableMap, tableMap(0, 3, 3))).toThrow(/0 columns/);
  expect(check(EVENT.tableMap, tableMap(252, 0xff, 0xff))).toThrow(/65535 columns/);
  expect(check(EVENT.tableMap, TABLE_AND_FLAGS)).toThrow(/too short/);
});
