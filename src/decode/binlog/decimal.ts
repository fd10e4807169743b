/**
 * DECIMAL: groups of nine digits in four bytes each, what is left over on both outer sides in as few bytes as hold it, big-endian;
 * the first bit is turned over, and a negative number has all bits turned over.
 * Source: MySQL source code documentation, decimal.cc, decimal2bin().
 */
const BYTES_OF_DIGITS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const GROUP = 9;

export function decimalBytes(precision: number, scale: number): number {
  return partBytes(precision - scale) + partBytes(scale);
}

function partBytes(digits: number): number {
  return Math.floor(digits / GROUP) * 4 + (BYTES_OF_DIGITS[digits % GROUP] ?? 0);
}

/** All decimals, as `CAST(… AS CHAR)` prints them. */
export function decimalText(bytes: Buffer, at: number, precision: number, scale: number): string {
  const isNegative = ((bytes[at] ?? 0) & 0x80) === 0;
  const flip = isNegative ? 0xff : 0;
  let p = at;
  let first = true;
  /** The next group of digits, as a number. */
  const group = (digits: number): number => {
    let value = 0;
    for (let left = BYTES_OF_DIGITS[digits] ?? 0; left > 0; left--) {
      const byte = (bytes[p++] ?? 0) ^ flip;
      value = value * 256 + (first ? byte ^ 0x80 : byte);
      first = false;
    }
    if (value >= 10 ** digits) throw new Error('a DECIMAL with a digit above 9');
    return value;
  };
  let whole = '';
  const digits = precision - scale;
  for (let left = digits; left > 0;) {
    const count = left % GROUP === 0 ? GROUP : left % GROUP;
    const value = group(count);
    if (whole !== '') whole += String(value).padStart(GROUP, '0');
    else if (value !== 0) whole = String(value);
    left -= count;
  }
  let fraction = '';
  for (let left = scale; left > 0;) {
    const count = Math.min(GROUP, left);
    fraction += String(group(count)).padStart(count, '0');
    left -= count;
  }
  return `${isNegative ? '-' : ''}${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${fraction}`}`;
}
