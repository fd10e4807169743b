/**
 * Dates and times, as `CAST(… AS CHAR)` prints them in UTC. Big-endian, but for DATE; fractions of a second in as few bytes as their
 * decimals need. Source: MySQL internals manual, "Date and Time Data Type Representation".
 */

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
const four = (value: number): string => String(value).padStart(4, '0');

export function fractionBytes(decimals: number): number {
  return (decimals + 1) >> 1;
}

/** `.123`; nothing without decimals. */
function fractionText(microseconds: number, decimals: number): string {
  return decimals === 0 ? '' : `.${String(microseconds).padStart(6, '0').slice(0, decimals)}`;
}

/** The fraction behind `at`, in µs. */
function microsecondsAt(bytes: Buffer, at: number, decimals: number): number {
  const length = fractionBytes(decimals);
  if (length === 0) return 0;
  return bytes.readUIntBE(at, length) * 100 ** (3 - length);
}

/** Day (5 bits), month (4), year (15). */
export function dateText(bytes: Buffer, at: number): string {
  const value = bytes.readUIntLE(at, 3);
  return `${four(value >> 9)}-${two((value >> 5) & 15)}-${two(value & 31)}`;
}

/** A sign bit that is 1, year * 13 + month (17 bits), day (5), hour (5), minute (6), second (6). */
export function datetimeText(bytes: Buffer, at: number, decimals: number): string {
  const value = bytes.readUIntBE(at, 5) - 0x8000000000;
  if (value < 0) throw new Error('a DATETIME before the year 0');
  const day = Math.floor(value / 2 ** 17);
  return `${dayText(day)} ${clockText(value % 2 ** 17)}${fractionText(microsecondsAt(bytes, at + 5, decimals), decimals)}`;
}

/** (year * 13 + month) * 32 + day */
function dayText(packed: number): string {
  const months = packed >> 5;
  return `${four(Math.floor(months / 13))}-${two(months % 13)}-${two(packed & 31)}`;
}

/** Hour, minute (6 bits), second (6 bits). */
function clockText(packed: number): string {
  return `${two(packed >> 12)}:${two((packed >> 6) & 63)}:${two(packed & 63)}`;
}

/** Seconds since the epoch, never negative. */
export function timestampText(bytes: Buffer, at: number, decimals: number): string {
  const seconds = bytes.readUInt32BE(at);
  const microseconds = microsecondsAt(bytes, at + 4, decimals);
  // The zero date: no row has the moment itself, TIMESTAMP begins one second later.
  if (seconds === 0 && microseconds === 0) return `0000-00-00 00:00:00${fractionText(0, decimals)}`;
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fractionText(microseconds, decimals)}`;
}

/** Hour (10 bits), minute (6), second (6) and the fraction as one number, offset by its first bit: negative times are below it. */
export function timeText(bytes: Buffer, at: number, decimals: number): string {
  const length = fractionBytes(decimals);
  const packed = bytes.readUIntBE(at, 3 + length) - 0x800000 * 256 ** length;
  const size = Math.abs(packed);
  const clock = Math.floor(size / 256 ** length);
  const microseconds = (size % 256 ** length) * 100 ** (3 - length);
  return `${packed < 0 ? '-' : ''}${clockText(clock)}${length === 0 ? '' : fractionText(microseconds, decimals)}`;
}

/** Years since 1900; 0 is the year 0000. */
export function yearText(year: number): string {
  return year === 0 ? '0000' : String(1900 + year);
}

/** A DATE, DATETIME or TIMESTAMP inside JSON: eight bytes, little-endian, µs in the lowest 24 bits, always with six decimals. */
export function packedDatetimeText(packed: bigint, hasTime: boolean): string {
  const whole = Number((packed < 0n ? -packed : packed) >> 24n);
  const day = dayText(Math.floor(whole / 2 ** 17));
  if (!hasTime) return day;
  return `${day} ${clockText(whole % 2 ** 17)}${fractionText(Number(packed & 0xffffffn), 6)}`;
}

/** A TIME inside JSON: the same, with the sign of the whole number. */
export function packedTimeText(packed: bigint): string {
  const size = packed < 0n ? -packed : packed;
  const clock = Number(size >> 24n);
  return `${packed < 0n ? '-' : ''}${clockText(clock)}${fractionText(Number(size & 0xffffffn), 6)}`;
}
