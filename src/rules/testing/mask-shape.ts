/**
 * The shape of a text: for each place what may stand there. Letters may be any letters of their case, digits any digits; every other
 * character stays. The stand-ins of a shape are as many as the texts of it, so different texts can have different stand-ins.
 */
export type Shape = readonly (readonly string[])[];

const DIGITS = [...'0123456789'];
const LOWER = [...'abcdefghijklmnopqrstuvwxyz'];
const UPPER = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const HEX = [...'0123456789abcdef'];
/** Letters beyond ASCII stay beyond ASCII: two bytes or three, with case or without. */
const LOWER_WIDE = [...'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ'];
const UPPER_WIDE = [...'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ'];
const OTHER_WIDE = Array.from({ length: 1024 }, (_, index) => String.fromCodePoint(0x4e00 + index));
const EMOJI = Array.from({ length: 48 }, (_, index) => String.fromCodePoint(0x1f400 + index));

export function textShape(text: string): Shape {
  return [...text].map((character) => {
    if (/[0-9]/.test(character)) return DIGITS;
    if (/[a-z]/.test(character)) return LOWER;
    if (/[A-Z]/.test(character)) return UPPER;
    if (/\p{Ll}/u.test(character)) return LOWER_WIDE;
    if (/\p{Lu}/u.test(character)) return UPPER_WIDE;
    if (/\p{L}|\p{N}|\p{M}/u.test(character)) return OTHER_WIDE;
    return /\p{Extended_Pictographic}/u.test(character) ? EMOJI : [character];
  });
}

export function hexShape(text: string): Shape {
  return [...text].map(() => HEX);
}

/** `12.50`, `-3`, `1e10`: digits stay digits, the first of a number does not become 0, exponents stay. */
export function decimalShape(text: string): Shape {
  const exponent = text.search(/e/i);
  const end = exponent === -1 ? text.length : exponent;
  const first = text.search(/[1-9]/);
  return [...text].map((character, at) => {
    if (at >= end || !/[0-9]/.test(character)) return [character];
    // Zeros before the first other digit say how large it is; without any other digit it is zero, and stays so.
    if (first === -1 || at < first) return [character];
    return at === first ? DIGITS.slice(1) : DIGITS;
  });
}

const YEARS = range(1971, 2037, 4);
const MONTHS = range(1, 12, 2);
/** Every month has so many. */
const DAYS = range(1, 28, 2);
const HOURS = range(0, 23, 2);
const SIXTY = range(0, 59, 2);

/** A date, or a date and a time; null if it is none. Midnight stays midnight: then it is a date in a wider column. */
export function dateShape(text: string): Shape | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:([ T])(\d\d):(\d\d):(\d\d)(\.\d+)?)?$/.exec(text);
  if (parts === null) return null;
  const [, year, month, day, space, ...clock] = parts;
  if (Number(year) === 0 || Number(month) === 0 || Number(day) === 0) return fixed(text);
  const date: Shape = [YEARS, ['-'], MONTHS, ['-'], DAYS];
  if (space === undefined) return date;
  const [hour = '', minute = '', second = '', fraction = ''] = clock;
  if (/^[0.]*$/.test(`${hour}${minute}${second}${fraction}`)) return [...date, ...fixed(text.slice(10))];
  return [...date, [space], HOURS, [':'], SIXTY, [':'], SIXTY, ...textShape(fraction)];
}

export function timeShape(text: string): Shape {
  const parts = /^(-?)(\d+):\d\d:\d\d(\.\d+)?$/.exec(text);
  if (parts === null) return textShape(text);
  const [, sign = '', hours = '', fraction = ''] = parts;
  // 838:59:59 is the longest a TIME can be.
  const hour = hours.length > 2 ? [range(100, 799, 3)] : [range(0, 99, 2)];
  return [...fixed(sign), ...hour, [':'], SIXTY, [':'], SIXTY, ...textShape(fraction)];
}

function fixed(text: string): Shape {
  return [...text].map((character) => [character]);
}

function range(from: number, to: number, digits: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index).padStart(digits, '0'));
}
