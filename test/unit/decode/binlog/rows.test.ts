import { describe, expect, it } from 'vitest';
import { COLUMN } from '../../../../src/decode/binlog/column-type.ts';
import type { StoredRow } from '../../../../src/decode/binlog/row-images.ts';
import { ROWS_LAYOUT, TableReader, type RowsLayout } from '../../../../src/decode/binlog/rows.ts';
import type { StoredColumn } from '../../../../src/decode/binlog/column-layout.ts';
import { EVENT } from '../../../../src/decode/event-type.ts';

const column = (name: string, type: number, meta: readonly [number, number] = [0, 0]): StoredColumn => ({
  name, type, meta, unsigned: false, charset: null, members: [], geometry: 0,
}); // prettier-ignore

const readerOf = (columns: readonly StoredColumn[]): TableReader =>
  new TableReader({ database: 'shop', table: 't', columns, primaryKey: [0] });

function layoutOf(type: number): RowsLayout {
  const layout = ROWS_LAYOUT[type] ?? null;
  if (layout === null) throw new Error('no rows');
  return layout;
}

const shapeOf = (row: StoredRow | null): unknown => {
  const shape = Object.getOwnPropertySymbols(row ?? {}).find(({ description }) => description === 'shape');
  return shape === undefined ? undefined : (row as unknown as Record<symbol, unknown>)[shape];
};

describe('what is made for sets of columns', () => {
  it('is made once for each, and not kept for ever more of them', () => {
    const columns = Array.from({ length: 8 }, (_, index) => column(`c${index}`, COLUMN.tiny));
    const reader = readerOf(columns);
    const shape = (bits: number): unknown => reader.head(Buffer.from([8, bits, 0]), 0, 3, layoutOf(EVENT.writeRows)).first; // prettier-ignore
    const first = shape(1);
    expect(shape(1)).toBe(first);
    for (let bits = 2; bits <= 100; bits++) shape(bits);
    expect(shape(1)).not.toBe(first);
    expect(shape(1)).toBe(shape(1));
  });

  it('is made once for all partial updates of the same documents', () => {
    const reader = readerOf([column('id', COLUMN.tiny), column('doc', COLUMN.json, [4, 0]), column('more', COLUMN.json, [4, 0])]); // prettier-ignore
    const head = reader.head(Buffer.from([3, 7, 7]), 0, 3, layoutOf(EVENT.partialUpdateRows));
    const documents = '01000000aa'.repeat(2);
    const update = (bits: string): string => `0001${documents}01${bits}0001${documents}`;
    const rows = Buffer.from(['01', '01', '03', '01', '00'].map(update).join(''), 'hex');
    const shapes: unknown[] = [];
    reader.read(head, rows, 0, rows.length, { add: (_, second) => shapes.push(shapeOf(second)) });
    const [one, again, both, last, none] = shapes;
    expect([again, last]).toEqual([one, one]);
    expect(again).toBe(one);
    expect(last).toBe(one);
    expect(both).not.toBe(one);
    expect(none).toBe(head.second);
  });
});
