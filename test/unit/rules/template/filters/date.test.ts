import { describe, expect, it } from 'vitest';
import { filtered } from '../../../../support/templates.ts';

const WEEKS = '%U %u %V %v %X %x';

it.each([
  // What MySQL 9.7 prints for DATE_FORMAT of the same.
  ['%Y-%m-%d', '2024-02-29', '2024-02-29'],
  ['%y %c %e %D', '2009-01-03', '09 1 3 3rd'],
  ['%D', '2024-01-11', '11th'],
  ['%D', '2024-01-22', '22nd'],
  ['%D', '2024-01-31', '31st'],
  ['%H %k %h %I %l %p %i %s %S %f', '2024-05-06 00:07:08.009', '00 0 12 12 12 AM 07 08 08 009000'],
  ['%T|%r', '2024-05-06 15:07:08', '15:07:08|03:07:08 PM'],
  ['%H:%i', '2024-05-06', '00:00'],
  ['%j %W %a %w', '2024-12-31', '366 Tuesday Tue 2'],
  ['%M %b', '2024-05-06', 'May May'],
  ['%Y%%%m', '2024-05-06', '2024%05'],
  [WEEKS, '2008-02-20', '07 08 07 08 2008 2008'],
  [WEEKS, '2000-01-01', '00 00 52 52 1999 1999'],
  [WEEKS, '1999-01-01', '00 00 52 53 1998 1998'],
  [WEEKS, '2024-12-31', '52 53 52 01 2024 2025'],
  [WEEKS, '2023-12-31', '53 52 53 52 2023 2023'],
  [WEEKS, '0099-12-31', '52 53 52 53 0099 0099'],
  ['%Y-%m', '0000-00-00', '0000-00'],
  ['%d.%m.', '2024-00-00 00:00:00', '00.00.'],
])('%s of %s is %s', (format, value, expected) => {
  expect(filtered(`date("${format}")`, value)).toBe(expected);
});

describe('date', () => {
  it('leaves NULL alone', () => {
    expect(filtered('date("%Y")', null)).toBeNull();
  });

  it.each(['', 'yesterday', '2024-1-1', '2024-01-01 1:2:3', '12:30:00', '2024-01-01x', '20240101'])(
    'fails for %j, which is no canonical date',
    (value) => {
      expect(() => filtered('date("%Y")', value)).toThrow(/the value is no date/);
    },
  );

  it.each(['0000-00-00', '2024-00-10', '2023-02-29', '2024-13-01', '2024-04-31'])(
    'has no weekday and no week for %s, but its digits',
    (value) => {
      expect(filtered('date("%Y")', value)).toBe(value.slice(0, 4));
      for (const letter of ['W', 'a', 'w', 'j', 'U', 'u', 'V', 'v', 'X', 'x']) {
        expect(() => filtered(`date("%${letter}")`, value)).toThrow(/not in the calendar/);
      }
    },
  );
});
