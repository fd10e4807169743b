import { describe, expect, it } from 'vitest';
import { TimeFormatter, TimeParser } from '../../../src/transport/iso-time.ts';

describe('a time in a record', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000_123.456, '2023-11-14T22:13:20.123456Z'],
    [1_700_000_000_000.001, '2023-11-14T22:13:20.000001Z'],
    [9_007_199_254_740, '2255-06-05T23:47:34.740Z'],
  ])('has microseconds when there are some: %d is %s', (timeMs, text) => {
    expect(new TimeFormatter().format(timeMs)).toBe(text);
    expect(new TimeParser().parse(text)).toBe(timeMs);
  });

  it('stays right when one parser goes back and forth between seconds, also past a wrong one', () => {
    const parser = new TimeParser();
    const texts = ['01.000Z', '01.001Z', '02.500250Z', '61.000Z', '02.000Z', '01.000Z'];
    expect(texts.map((text) => parser.parse(`1970-01-01T00:00:${text}`))).toEqual([
      1_000,
      1_001,
      2_500.25,
      undefined,
      2_000,
      1_000,
    ]);
  });

  it('stays right when one formatter goes back and forth between seconds', () => {
    const formatter = new TimeFormatter();
    expect([1_000, 1_001, 2_500, 999, 1_000].map((timeMs) => formatter.format(timeMs).slice(17))).toEqual([
      '01.000Z',
      '01.001Z',
      '02.500Z',
      '00.999Z',
      '01.000Z',
    ]);
  });

  it('ends where versions end too, in the year 2255', () => {
    expect(new TimeFormatter().format(Number.MAX_SAFE_INTEGER)).toBe('2255-06-05T23:47:34.740Z');
  });

  it.each(['', '2023-11-14', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20.1234Z', '2023-13-14T22:13:20.123Z'])(
    'is not %s',
    (text) => expect(new TimeParser().parse(text)).toBeUndefined(),
  );
});
