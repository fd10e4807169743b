/** Days and weeks of the Gregorian calendar as MySQL counts them, without time zones. Months count from 1. */
const MS_PER_DAY = 86_400_000;

const dayNumber = (year: number, month: number, day: number): number => {
  // The year apart: Date.UTC takes 0 … 99 for 1900 … 1999.
  const date = new Date(0);
  return date.setUTCFullYear(year, month - 1, day) / MS_PER_DAY;
};

export function isRealDate(year: number, month: number, day: number): boolean {
  if (year === 0 || month < 1 || month > 12 || day < 1) return false;
  return day <= dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);
}

/** 0 is Sunday. */
export const dayOfWeek = (year: number, month: number, day: number): number =>
  modulo(dayNumber(year, month, day) + 4, 7);

/** January 1st is 1. */
export const dayOfYear = (year: number, month: number, day: number): number =>
  dayNumber(year, month, day) - dayNumber(year, 1, 1) + 1;

export interface WeekRule {
  readonly firstDay: 'sunday' | 'monday';
  /** `zero`: days before week 1 are week 0 of their own year; `one`: they are the last week of the year before. */
  readonly countsFrom: 'zero' | 'one';
}

/**
 * MySQL's WEEK() in the modes 0 to 3, the ones DATE_FORMAT uses. Week 1 is the first with four days in the year if weeks
 * begin on Monday, and the first that begins in the year if they begin on Sunday. `year` is the one the week belongs to.
 */
export function calendarWeek(
  year: number,
  month: number,
  day: number,
  { firstDay, countsFrom }: WeekRule,
): { week: number; year: number } {
  const today = dayNumber(year, month, day);
  if (countsFrom === 'one' && today >= firstWeek(year + 1, firstDay)) return { week: 1, year: year + 1 };
  const first = firstWeek(year, firstDay);
  if (today >= first) return { week: weeks(today - first), year };
  return countsFrom === 'zero'
    ? { week: 0, year }
    : { week: weeks(today - firstWeek(year - 1, firstDay)), year: year - 1 };
}

const weeks = (days: number): number => Math.floor(days / 7) + 1;

/** The day on which week 1 of a year begins. */
function firstWeek(year: number, firstDay: WeekRule['firstDay']): number {
  const newYear = dayNumber(year, 1, 1);
  const sinceSunday = modulo(newYear + 4, 7);
  if (firstDay === 'sunday') return newYear + modulo(-sinceSunday, 7);
  const sinceMonday = modulo(sinceSunday - 1, 7);
  // With Thursday or earlier as its first day, four days of that week are in the year.
  return sinceMonday <= 3 ? newYear - sinceMonday : newYear + 7 - sinceMonday;
}

const modulo = (number: number, by: number): number => ((number % by) + by) % by;
