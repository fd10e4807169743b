import { expect, it } from 'vitest';
import { ReportedEnd } from '../../../src/decode/reported-end.ts';

it('names GTIDs that follow each other in one text, and no other', () => {
  const end = new ReportedEnd();
  const reach = (source: string, ...numbers: readonly number[]): void => {
    for (const number of numbers) end.reachNumber(source, number, 'binlog.1', number * 10, number);
  };
  reach('a', 1, 2, 3, 5, 4);
  reach('b', 5, 6);
  end.hold(['a:9']);
  end.reach(['a:tag:7'], 'binlog.1', 70, 7);
  reach('b', 7);
  const { gtids } = end.take().end ?? {};
  expect(gtids).toEqual(['a:1-3', 'a:5', 'a:4', 'b:5-6', 'a:9', 'a:tag:7', 'b:7']);
  // The next batch begins anew: what was named once is not named again.
  reach('b', 8);
  expect(end.take()).toEqual({ end: { coordinates: { file: 'binlog.1', offset: 80 }, gtids: ['b:8'], lastVersion: 8 }, heldEnds: 0 }); // prettier-ignore
});
