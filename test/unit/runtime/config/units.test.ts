import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parseSize } from '../../../../src/runtime/config/units.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    ['0ms', 0],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['10', '', '10 seconds', '-1s', '1h30m', '1e3s', 'PT5S', '99999999999999999d'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('are written the shortest exact way', () => {
    expect([0, 500, 90_000, 300_000, 604_800_000].map(formatDuration)).toEqual(['0ms', '500ms', '90s', '5m', '7d']);
  });
});

describe('sizes', () => {
  it.each([
    ['64KiB', 65_536],
    ['16 MiB', 16_777_216],
    ['1GiB', 1_073_741_824],
    ['123', 123],
    [123, 123],
  ])('reads %j', (value, bytes) => {
    expect(parseSize(value)).toBe(bytes);
  });

  it.each(['64KB', '1 M', '-1', '', -1, 1.5])('refuses %j', (value) => {
    expect(parseSize(value)).toBeUndefined();
  });
});
