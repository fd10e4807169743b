import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/model/checkpoint.ts';
import type { Checkpoint } from '../../../src/ports.ts';

const checkpoint: Checkpoint = {
  position: {
    flavour: 'mysql',
    serverUuid: '3e11fa47-71ca-11e1-9e33-c80aa9429562',
    coordinates: { file: 'binlog.000042', offset: 1967 },
    gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:11-18',
  },
  lastVersion: 1_700_000_000_000_123,
  epochs: new Map(),
  savedAtMs: 1_700_000_000_456,
};

/** The encoded checkpoint with one field changed, at any depth. */
const damaged = (change: (root: Record<string, Record<string, unknown>>) => void): string => {
  const root = JSON.parse(encodeCheckpoint(checkpoint)) as Record<string, Record<string, unknown>>;
  change(root);
  return JSON.stringify(root);
};

describe('the text of a checkpoint', () => {
  it('comes back as it was saved', () => {
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
    const mariadb: Checkpoint = {
      ...checkpoint,
      position: { ...checkpoint.position, flavour: 'mariadb', serverUuid: '7', gtidSet: null },
    };
    expect(decodeCheckpoint(encodeCheckpoint(mariadb))).toEqual(mariadb);
  });

  it('can be read by a person: lines, and a time with a date', () => {
    expect(encodeCheckpoint(checkpoint)).toContain('\n  "savedAt": "2023-11-14T22:13:20.456Z",\n');
  });

  it('has the epochs when there are any, and none for a daemon that knows none', () => {
    const raised: Checkpoint = {
      ...checkpoint,
      epochs: new Map([
        ['shop.a.b', 17],
        ['shop.t', 0],
      ]),
    };
    expect(decodeCheckpoint(encodeCheckpoint(raised))).toEqual(raised);
    expect(encodeCheckpoint(checkpoint)).not.toContain('epochs');
  });

  it('is refused when half of it is missing', () => {
    const text = encodeCheckpoint(checkpoint);
    for (const end of [0, 1, text.length / 2, text.length - 2]) {
      expect(() => decodeCheckpoint(text.slice(0, end))).toThrow(/empty|not JSON/);
    }
  });

  it('is refused when its format is another, whatever the fields are', () => {
    expect(() => decodeCheckpoint('{"format":2,"at":"somewhere"}')).toThrow('format is 2, not 1');
    expect(() => decodeCheckpoint('[]')).toThrow('format is not given, not 1');
    expect(() => decodeCheckpoint('null')).toThrow('format is not given, not 1');
  });

  it.each([
    [
      'position has no gtidSet',
      (root: Record<string, Record<string, unknown>>) => delete root['position']?.['gtidSet'],
    ],
    ['unknown field "lease"', (root: Record<string, unknown>) => (root['lease'] = 1)],
    ['lastVersion is not a number', (root: Record<string, unknown>) => (root['lastVersion'] = '12')],
    ['lastVersion is not a number', (root: Record<string, unknown>) => (root['lastVersion'] = -1)],
    ['lastVersion is not a number', (root: Record<string, unknown>) => (root['lastVersion'] = 1.5)],
    ['epochs is not an object', (root: Record<string, unknown>) => (root['epochs'] = [])],
    ['epochs is not an object', (root: Record<string, unknown>) => (root['epochs'] = null)],
    ['epochs has "t", which is no', (root: Record<string, unknown>) => (root['epochs'] = { t: 1 })],
    ['the epoch of a.t is not a number', (root: Record<string, unknown>) => (root['epochs'] = { 'a.t': '1' })],
    ['the epoch of a.t is not a number', (root: Record<string, unknown>) => (root['epochs'] = { 'a.t': -1 })],
    ['savedAt is not a time', (root: Record<string, unknown>) => (root['savedAt'] = 'yesterday')],
    ['position is not an object', (root: Record<string, unknown>) => (root['position'] = null)],
    [
      'flavour is neither',
      (root: Record<string, Record<string, unknown>>) => (root['position'] = { ...root['position'], flavour: 'x' }),
    ],
    [
      'serverUuid is not text',
      (root: Record<string, Record<string, unknown>>) => (root['position'] = { ...root['position'], serverUuid: '' }),
    ],
    [
      'gtidSet is neither',
      (root: Record<string, Record<string, unknown>>) => (root['position'] = { ...root['position'], gtidSet: 5 }),
    ],
  ])('is refused with a reason: %s', (reason, change) => {
    expect(() => decodeCheckpoint(damaged(change))).toThrow(reason);
  });
});
