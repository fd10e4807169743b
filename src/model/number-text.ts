/**
 * FLOAT and DOUBLE as the servers print them. Both print the shortest digits that read back the same (FLOAT: at most
 * six, FLT_DIG), plainly while the decimal point lies within -14 … 15, else with an exponent; MySQL also gives up the
 * plain form when it is longer than the type's width. Found by comparing with MySQL 9.7 and MariaDB 10.11.
 */
export interface RealFormat {
  /** Longest plain form in characters, sign included; longer ones are printed with an exponent. */
  readonly maxPlainLength: number;
}

export const MYSQL_FLOAT: RealFormat = { maxPlainLength: 12 };
export const MYSQL_DOUBLE: RealFormat = { maxPlainLength: 24 };
export const MARIADB_REAL: RealFormat = { maxPlainLength: Infinity };

const FLOAT_DIGITS = 6;

/** `value` is the FLOAT widened to a double (1.100000023841858 for 1.1). */
export function floatText(value: number, format: RealFormat): string {
  if (value === 0) return zeroText(value);
  return plainOrExponent(roundToFloatDigits(value), format);
}

export function doubleText(value: number, format: RealFormat): string {
  if (value === 0) return zeroText(value);
  // Small whole numbers are the common case, and JavaScript prints them the same way.
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return plainOrExponent(value.toExponential(), format);
}

/** The servers keep the sign of zero, JavaScript's own formats drop it. */
function zeroText(zero: number): string {
  return Object.is(zero, -0) ? '-0' : '0';
}

/** In exponent form; a tie goes to the even digit as in the servers' dtoa, where JavaScript rounds up. */
function roundToFloatDigits(value: number): string {
  const exact = value.toExponential();
  const [mantissa = '', exponent = ''] = exact.split('e');
  const digits = mantissa.replace(/\D/g, '');
  const tie = digits.length === FLOAT_DIGITS + 1 && digits.endsWith('5');
  if (tie && Number(digits.at(-2)) % 2 === 0) return `${mantissa.slice(0, -1)}e${exponent}`;
  return value.toExponential(FLOAT_DIGITS - 1);
}

function plainOrExponent(exponentForm: string, { maxPlainLength }: RealFormat): string {
  const [mantissa = '', exponentText = ''] = exponentForm.split('e');
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/\D/g, '').replace(/0+$/, '');
  const pointAt = exponent + 1;
  if (pointAt >= -14 && pointAt <= 15) {
    const plain = sign + plainForm(digits, pointAt);
    if (plain.length <= maxPlainLength) return plain;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits.slice(0, 1)}${fraction}e${exponent}`;
}

function plainForm(digits: string, pointAt: number): string {
  if (pointAt <= 0) return `0.${'0'.repeat(-pointAt)}${digits}`;
  if (pointAt >= digits.length) return digits + '0'.repeat(pointAt - digits.length);
  return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
}

/** A VECTOR as VECTOR_TO_STRING prints it: C's `%.5e`, whose exponent has at least two digits. */
export function vectorText(numbers: readonly number[]): string {
  return `[${numbers.map(vectorNumberText).join(',')}]`;
}

function vectorNumberText(number: number): string {
  if (number === 0) return `${zeroText(number)}.00000e+00`;
  return roundToFloatDigits(number).replace(/e([+-])(\d)$/, 'e$10$2');
}
