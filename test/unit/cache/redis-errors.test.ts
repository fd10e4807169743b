import { ReplyError } from 'ioredis';
import { describe, expect, it } from 'vitest';
import {
  isAboutTheKey,
  isScriptFailure,
  isScriptUnknown,
  safeMessage,
  spoilsConnection,
} from '../../../src/cache/redis-errors.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';

const reply = (message: string): Error => new (ReplyError as new (message: string) => Error)(message);

/** As Redis 7 says it, and as Redis 6 does, which puts the place in the script in front. */
const ABOUT_THE_SERVER = [
  "OOM command not allowed when used memory > 'maxmemory'.",
  "@user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.",
  "READONLY You can't write against a read only replica.",
  '@user_script: 3: -READONLY You can’t write against a read only replica.',
  'LOADING Redis is loading the dataset in memory',
  'MASTERDOWN Link with MASTER is down',
  'CLUSTERDOWN The cluster is down',
  'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
  'NOREPLICAS Not enough good replicas to write.',
  'NOAUTH Authentication required.',
  "NOPERM User x has no permissions to run the 'unlink' command",
  "The user executing the script can't run this command or subcommand",
  "ERR The user executing the script can't run this command or subcommand script: 123, on @user_script:9.",
  "ERR unknown command 'unlink', with args beginning with: 'a' ",
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  'MOVED 3999 127.0.0.1:6381',
  'ERR Script attempted to access a non local key in a cluster node',
];

describe('an error of Redis', () => {
  it.each(ABOUT_THE_SERVER)('about the server is never held against a key: %s', (message) => {
    expect([isAboutTheKey(message), isScriptFailure(message)]).toEqual([false, false]);
  });

  it.each(['Connection is closed.', 'Command timed out', 'something nobody foresaw', ''])(
    'that nobody foresaw is never held against a key: %j',
    (message) => {
      expect([isAboutTheKey(message), isScriptFailure(message), isScriptUnknown(message)]).toEqual([
        false,
        false,
        false,
      ]);
    },
  );

  it('about the key is known by its code', () => {
    expect(isAboutTheKey("ERR invalid expire time in 'set' command")).toBe(true);
    expect(isAboutTheKey('ERR string exceeds maximum allowed size (proto-max-bulk-len)')).toBe(true);
  });

  it('of the script itself is known by where it happened', () => {
    expect(
      isScriptFailure('ERR user_script:31: attempt to compare number with nil script: ab, on @user_script:31.'),
    ).toBe(true);
    expect(isScriptFailure('ERR Error running script (call to f_ab): @user_script:31: attempt to compare')).toBe(true);
    expect(isScriptUnknown('NOSCRIPT No matching script. Please use EVAL.')).toBe(true);
  });

  it('spoils the connection when there was no answer, or the server has become a replica', () => {
    expect(spoilsConnection(new Error('Command timed out'))).toBe(true);
    expect(spoilsConnection(new Error('Connection is closed.'))).toBe(true);
    expect(spoilsConnection(reply("READONLY You can't write against a read only replica."))).toBe(true);
    expect(spoilsConnection(new SluiceError('CACHE_UNAVAILABLE', 'target x: READONLY You can’t write'))).toBe(true);
    expect(spoilsConnection(reply('OOM command not allowed'))).toBe(false);
    expect(spoilsConnection(new SluiceError('CACHE_UNAVAILABLE', 'target x: OOM command not allowed'))).toBe(false);
  });

  it('is shown without the arguments of the command', () => {
    const error = reply("ERR unknown command 'AUTH', with args beginning with: 'my-password' ");
    expect(safeMessage(error)).toBe("ERR unknown command 'AUTH'");
  });
});
