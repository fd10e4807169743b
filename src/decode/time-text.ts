/** Dates and times arrive as text; three values need mending on the way to what the server prints. */

const WRAP_SECONDS = 2 ** 32;

/** YEAR is stored as years since 1900, and 0 means the year 0000. */
export function yearText(year: number): string {
  return year === 1900 ? '0000' : String(year);
}

/**
 * A TIMESTAMP counts seconds since 1970 in 32 bits that the client library reads as signed: what lies beyond January
 * 2038 (MariaDB 11.5 and later go on to 2106) arrives as a date before 1970, which no TIMESTAMP can be.
 */
export function timestampText(text: string): string {
  const year = text.slice(0, 4);
  if (year >= '1970' || year === '0000') return text;
  const moment = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) + WRAP_SECONDS * 1000;
  return new Date(moment).toISOString().slice(0, 19).replace('T', ' ') + text.slice(19);
}

/** A negative TIME of whole minutes arrives without its carry: `-00:00:64` is `-00:01:00`. */
export function timeText(text: string): string {
  if (!text.startsWith('-')) return text;
  const [hours = '', minutes = '', seconds = ''] = text.slice(1).split(':');
  const carrySeconds = Number.parseInt(seconds, 10) >= 64;
  if (!carrySeconds) return text;
  const carryMinutes = Number(minutes) + 1 >= 64;
  const minute = carryMinutes ? Number(minutes) + 1 - 64 : Number(minutes) + 1;
  const hour = carryMinutes ? Number(hours) + 1 : Number(hours);
  const second = String(Number.parseInt(seconds, 10) - 64).padStart(2, '0') + seconds.slice(2);
  return `-${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:${second}`;
}
