import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { isRefusal } from '../../../src/source/read-errors.ts';
import { toSourceError } from '../../../src/source/source-errors.ts';

const address = { host: 'db', port: 3306, user: 'sluice', password: 'top-secret', database: null, tls: null };
const serverError = (errno: number, message: string, sqlState = 'HY000'): Error =>
  Object.assign(new Error(message), { errno, sqlState });

describe('what ends a dump', () => {
  it.each([
    [1236, 'Cannot replicate because the source purged required binary logs.', 'SOURCE_POSITION_GONE'],
    [1236, 'Could not find first log file name in binary log index file', 'SOURCE_POSITION_GONE'],
    [1236, 'Client requested source to start replication from position > file size', 'SOURCE_POSITION_GONE'],
    [1236, "Replica has more GTIDs than the source has, using the source's SERVER_UUID.", 'SOURCE_POSITION_GONE'],
    [
      1955,
      'connecting slave requested to start from GTID 0-1-5, which is not in the master’s binlog',
      'SOURCE_POSITION_GONE',
    ],
    [
      1236,
      'A replica with the same server_uuid/server_id as this replica has connected to the source',
      'SOURCE_UNAVAILABLE',
    ],
    [1236, 'log event entry exceeded max_allowed_packet; Increase max_allowed_packet on source', 'SOURCE_UNAVAILABLE'],
    [1045, "Access denied for user 'sluice'@'host' (using password: YES)", 'SOURCE_UNAVAILABLE'],
    [1053, 'Server shutdown in progress', 'SOURCE_UNAVAILABLE'],
  ])('%i %s', (errno, message, code) => {
    expect(toSourceError(serverError(errno, message), address)).toMatchObject({ code });
  });

  it('names the server and the user, never the password, and keeps an error that is ours already', () => {
    const { message } = toSourceError(new Error('read ECONNRESET'), address);
    expect(message).toBe("db:3306 as 'sluice': read ECONNRESET");
    const ours = new SluiceError('SOURCE_DECODE', 'at binlog.000001:4');
    expect(toSourceError(ours, address)).toBe(ours);
  });
});

it('a statement is refused for what the server says about it, not for its load, its locks or the network', () => {
  expect(isRefusal(serverError(1064, 'syntax', '42000'))).toBe(true);
  expect(isRefusal(serverError(1142, 'SELECT command denied', '42000'))).toBe(true);
  expect(isRefusal(serverError(1213, 'deadlock', '40001'))).toBe(false);
  expect(isRefusal(serverError(1203, 'too many user connections', '42000'))).toBe(false);
  expect(isRefusal(serverError(9999, 'something with the connection', '08S01'))).toBe(false);
  expect(isRefusal(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111 }))).toBe(
    false,
  );
  expect(isRefusal(new Error('no answer within 5 ms'))).toBe(false);
});
