import { describe, expect, it } from 'vitest';
import type { LogIdentity, Position } from '../../../src/model/position.ts';
import { LogIdentities } from '../../../src/source/log-identities.ts';

const BEGAN = 1_700_000_000_000;
const position = (log?: LogIdentity): Position => ({
  flavour: 'mariadb',
  serverUuid: 'first',
  coordinates: { file: 'binlog.000002', offset: 500 },
  gtidSet: '0-1-9',
  ...(log === undefined ? {} : { log }),
});
const batch = (file: string) => ({ end: { coordinates: { file, offset: 600 }, gtids: [], lastVersion: 1 } });

/** A stream that begins in the file. */
function stream(at: Position, serverUuid: string, file: string, beganMs: number): LogIdentities {
  const files = new LogIdentities({ position: at, serverUuid });
  files.note(file, beganMs);
  return files;
}

describe('a file of the log', () => {
  const ours = position({ serverUuid: 'now', fileBeganMs: BEGAN });

  it('is another one when it was begun at another time', () => {
    expect(() => stream(ours, 'now', 'binlog.000002', BEGAN + 1_000)).toThrow(
      expect.objectContaining({ code: 'SOURCE_POSITION_GONE', reason: 'reset' }) as Error,
    );
    expect(() => stream(ours, 'now', 'binlog.000002', BEGAN)).not.toThrow();
  });

  it('says nothing on another server, in another file, or when it is not known', () => {
    expect(() => stream(ours, 'another', 'binlog.000002', BEGAN + 1_000)).not.toThrow();
    expect(() => stream(ours, 'now', 'binlog.000003', BEGAN + 1_000)).not.toThrow();
    expect(() => stream(position(), 'now', 'binlog.000002', BEGAN + 1_000)).not.toThrow();
  });

  it('is known by the ends of transactions in it, also of the file after it', () => {
    const files = stream(ours, 'now', 'binlog.000002', BEGAN);
    expect(files.identified(batch('binlog.000002')).end).toMatchObject({
      log: { serverUuid: 'now', fileBeganMs: BEGAN },
    });
    files.note('binlog.000003', BEGAN + 7_000);
    // The batch was decoded before the rotation.
    expect(files.identified(batch('binlog.000002')).end).toMatchObject({ log: { fileBeganMs: BEGAN } });
    expect(files.hasLeftFile(batch('binlog.000003'))).toBe(true);
    expect(files.identified(batch('binlog.000003')).end).toMatchObject({ log: { fileBeganMs: BEGAN + 7_000 } });
    expect(files.hasLeftFile(batch('binlog.000003'))).toBe(false);
  });

  it('gives no identity that it does not know', () => {
    const files = new LogIdentities({ position: ours, serverUuid: 'now' });
    expect(files.identified(batch('binlog.000002')).end).not.toHaveProperty('log');
    expect(files.identified({ end: null })).toEqual({ end: null });
  });
});
