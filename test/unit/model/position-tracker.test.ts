import { expect, it } from 'vitest';
import type { ResumePoint } from '../../../src/model/position.ts';
import { PositionTracker } from '../../../src/model/position-tracker.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const start = (gtidSet: string | null): ResumePoint => ({
  position: { flavour: 'mysql', serverUuid: UUID, coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet },
  lastVersion: 7,
});

it('folds the GTIDs, the coordinates and the last version of each end', () => {
  const tracker = new PositionTracker(start(`${UUID}:1-3`));
  tracker.advance({
    coordinates: { file: 'binlog.000001', offset: 900 },
    gtids: [`${UUID}:4-5`],
    lastVersion: 20,
  });
  tracker.advance({ coordinates: { file: 'binlog.000002', offset: 200 }, gtids: [`${UUID}:7`], lastVersion: 30 });
  expect(tracker.resumePoint()).toEqual({
    position: {
      flavour: 'mysql',
      serverUuid: UUID,
      coordinates: { file: 'binlog.000002', offset: 200 },
      gtidSet: `${UUID}:1-5:7`,
    },
    lastVersion: 30,
  });
});

it('keeps to coordinates where the position it began with has no GTID set', () => {
  const tracker = new PositionTracker(start(null));
  tracker.advance({ coordinates: { file: 'binlog.000001', offset: 900 }, gtids: [`${UUID}:4`], lastVersion: 8 });
  expect(tracker.position().gtidSet).toBeNull();
});

it('gives positions that do not change afterwards', () => {
  const tracker = new PositionTracker(start(`${UUID}:1`));
  const before = tracker.position();
  tracker.advance({ coordinates: { file: 'binlog.000001', offset: 900 }, gtids: [`${UUID}:2`], lastVersion: 8 });
  expect(before.gtidSet).toBe(`${UUID}:1`);
});
