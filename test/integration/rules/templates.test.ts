import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2';
import { expect, it, onTestFinished } from 'vitest';
import { flushPattern } from '../../../src/rules/template/flush-pattern.ts';
import { matchesRedisGlob } from '../../support/redis-glob.ts';
import { nasty } from '../../support/template-arbitraries.ts';
import { filtered, template } from '../../support/templates.ts';
import { sharedRedis, uniquePrefix } from '../cache/redis-harness.ts';
import { addressOf, openDatabase } from '../source/fixture.ts';

const TEXTS = ['', 'MySQL', 'äöü ß', 'ÄÖÜ', '😀x', "it's", 'a,b', '中文字', 'x'.repeat(1000)];
const LETTERS = 'YymcMbdeDHkhIlpisSfTrjWawUuVvXx';

it.each(['mysql', 'mariadb'] as const)('filters give what the functions of %s give', async (server) => {
  const { pool } = await openDatabase(await addressOf(server));
  const first = async (sql: string, parameters: unknown[]): Promise<string | null> => {
    const [rows] = await pool.query<RowDataPacket[]>(`SELECT CAST(${sql} AS CHAR) AS x`, parameters);
    return (rows[0]?.['x'] ?? null) as string | null;
  };
  for (const text of TEXTS) {
    // MySQL 9.6 moved these two out of the server.
    if (server === 'mariadb') {
      expect(filtered('sha1', text)).toBe(await first('SHA1(?)', [text]));
      expect(filtered('md5', text)).toBe(await first('MD5(?)', [text]));
    }
    expect(filtered('crc32', text)).toBe(await first('CRC32(?)', [text]));
    expect(filtered('hex', text)).toBe(await first('LOWER(HEX(?))', [text]));
    expect(filtered('base64', text)).toBe(await first(`REPLACE(TO_BASE64(?), '\\n', '')`, [text]));
    expect(filtered('substring(1, 2)', text)).toBe(await first('SUBSTRING(?, 2, 2)', [text]));
  }
  for (const number of ['-5', '0', '18446744073709551615', '123456789012345678901234567890']) {
    expect(filtered('modulo(7)', number)).toBe(await first('MOD(CAST(? AS DECIMAL(60)), 7)', [number]));
  }
  for (const path of ['$.a', '$.b[1].c', '$.b[0]', '$.d', '$."e f"', '$.gone', '$.a[0]', '$.b[9]']) {
    const text = '{"a": "x", "b": [1.5, {"c": true}], "d": null, "e f": 9007199254740993}';
    const found = await first(`NULLIF(JSON_UNQUOTE(JSON_EXTRACT(?, ?)), 'null')`, [text, path]);
    expect([path, filtered(`json("${path.replaceAll('"', '\\"')}")`, text)]).toEqual([path, found]);
  }
});

it('every letter of a date gives what DATE_FORMAT gives, over all the ends and beginnings of years', async () => {
  const { pool } = await openDatabase(await addressOf('mysql'));
  const days = Array.from({ length: 60 }, (_, i) => 1970 + i * 2).flatMap((year) => [
    ...['12-27', '12-28', '12-29', '12-30', '12-31', '02-28', '07-04'].map((day) => `${year}-${day} 23:59:59.000009`),
    ...['01-01', '01-02', '01-03', '01-04', '01-05', '01-06', '01-07'].map(
      (day) => `${year + 1}-${day} 00:07:08.120000`,
    ),
  ]);
  const others = ['0001-01-01', '0099-12-31', '9999-12-31', '2024-02-29', '1900-03-01 12:00:00', '2000-10-11 13:00:01'];
  const format = [...LETTERS].map((letter) => `%${letter}`).join('|');
  for (const day of [...days, ...others]) {
    const [rows] = await pool.query<RowDataPacket[]>('SELECT DATE_FORMAT(?, ?) AS x', [day, format]);
    expect([day, filtered(`date("${format}")`, day)]).toEqual([day, rows[0]?.['x']]);
  }
});

it('the patterns of a flush mean to Redis what they mean to the reference the other tests use', async () => {
  const url = await sharedRedis();
  const [subscriber, client] = [new Redis(url), new Redis(url)];
  onTestFinished(() => {
    subscriber.disconnect();
    client.disconnect();
  });
  // Channel names are matched by the same function as keys, and there are few of them.
  const prefix = uniquePrefix();
  const wellFormed = nasty.filter((text) => Buffer.from(text).toString() === text);
  const names = [...new Set(fc.sample(wellFormed, 400))];
  await subscriber.subscribe(...names.map((name) => prefix + name));
  const fixed = (text: string): string => text.replace(/[{}]/g, '$&$&');
  const patterns = names.slice(0, 150).map((name, i) => {
    // Characters, not their halves: those would be other bytes.
    const characters = [...name];
    const cut = i % (characters.length + 1);
    const [begin, end] = [characters.slice(0, cut), characters.slice(cut + (i % 3))];
    return flushPattern(template(`${fixed(begin.join(''))}{a}${fixed(end.join(''))}`));
  });
  for (const pattern of [...patterns, ...names.slice(0, 50).map((name) => flushPattern(template(fixed(name))))]) {
    const found = (await client.pubsub('CHANNELS', prefix + pattern)) as string[];
    const expected = names.filter((name) => matchesRedisGlob(pattern, name)).map((name) => prefix + name);
    expect([pattern, found.sort()]).toEqual([pattern, expected.sort()]);
    expect(expected.length).toBeGreaterThan(0);
  }
});
