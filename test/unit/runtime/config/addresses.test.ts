import { describe, expect, it } from 'vitest';
import { parseMysqlUrl, parseRedisUrl } from '../../../../src/runtime/config/addresses.ts';

describe('a MySQL URL', () => {
  it('is taken apart, with user and password decoded', () => {
    expect(parseMysqlUrl('mysql://sl%40uice:p%40ss%2Fw%3Ard@db.internal:3307/shop')).toEqual({
      host: 'db.internal',
      port: 3307,
      user: 'sl@uice',
      password: 'p@ss/w:rd',
      database: 'shop',
    });
  });

  it('may leave out everything but the host', () => {
    const nothing = { port: null, user: null, password: null, database: null };
    expect(parseMysqlUrl('mysql://[::1]')).toEqual({ host: '::1', ...nothing });
    expect(parseMysqlUrl('mariadb://db/')).toEqual({ host: 'db', ...nothing });
  });

  it.each(['db:3306', 'postgres://db', 'mysql://', 'mysql://u:a%zz@db', 'mysql://u:half?x@db', 'mysql://u@db/a#b'])(
    'is refused with a reason that does not repeat it: %s',
    (text) => {
      const reason = parseMysqlUrl(text);
      expect(reason).toBeTypeOf('string');
      expect(reason).not.toContain(text);
    },
  );
});

describe('a Redis URL', () => {
  it('has a default port and database, and says whether TLS is wanted', () => {
    expect(parseRedisUrl('rediss://:secret@cache')).toEqual({
      host: 'cache',
      port: 6379,
      username: null,
      password: 'secret',
      database: 0,
      tls: true,
    });
    expect(parseRedisUrl('redis://cache:7000/3')).toMatchObject({ port: 7000, database: 3, tls: false });
  });

  it.each(['http://cache', 'redis://cache/main', 'redis:'])('is refused: %s', (text) => {
    expect(parseRedisUrl(text)).toBeTypeOf('string');
  });
});
