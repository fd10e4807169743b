import { FilterFailure } from './filter.ts';
import { calendarWeek, dayOfWeek, dayOfYear, isRealDate } from './calendar.ts';

/** Digits as they stand in the text; a time that is not there is zeros. */
export interface DateParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly microsecond: string;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

/** The letters of MySQL's DATE_FORMAT. */
export const DATE_LETTERS: ReadonlyMap<string, (parts: DateParts) => string> = new Map([
  ['Y', ({ year }: DateParts) => year],
  ['y', ({ year }) => year.slice(2)],
  ['m', ({ month }) => month],
  ['c', ({ month }) => String(Number(month))],
  ['M', (parts) => monthName(parts)],
  ['b', (parts) => monthName(parts).slice(0, 3)],
  ['d', ({ day }) => day],
  ['e', ({ day }) => String(Number(day))],
  ['D', ({ day }) => ordinal(Number(day))],
  ['H', ({ hour }) => hour],
  ['k', ({ hour }) => String(Number(hour))],
  ['h', ({ hour }) => two(hourOfTwelve(hour))],
  ['I', ({ hour }) => two(hourOfTwelve(hour))],
  ['l', ({ hour }) => String(hourOfTwelve(hour))],
  ['p', ({ hour }) => half(hour)],
  ['i', ({ minute }) => minute],
  ['s', ({ second }) => second],
  ['S', ({ second }) => second],
  ['f', ({ microsecond }) => microsecond],
  ['T', ({ hour, minute, second }) => `${hour}:${minute}:${second}`],
  ['r', ({ hour, minute, second }) => `${two(hourOfTwelve(hour))}:${minute}:${second} ${half(hour)}`],
  ['j', (parts) => String(dayOfYear(...real(parts))).padStart(3, '0')],
  ['W', (parts) => dayName(parts)],
  ['a', (parts) => dayName(parts).slice(0, 3)],
  ['w', (parts) => String(dayOfWeek(...real(parts)))],
  ['U', (parts) => two(calendarWeek(...real(parts), { firstDay: 'sunday', countsFrom: 'zero' }).week)],
  ['u', (parts) => two(calendarWeek(...real(parts), { firstDay: 'monday', countsFrom: 'zero' }).week)],
  ['V', (parts) => two(calendarWeek(...real(parts), { firstDay: 'sunday', countsFrom: 'one' }).week)],
  ['v', (parts) => two(calendarWeek(...real(parts), { firstDay: 'monday', countsFrom: 'one' }).week)],
  ['X', (parts) => four(calendarWeek(...real(parts), { firstDay: 'sunday', countsFrom: 'one' }).year)],
  ['x', (parts) => four(calendarWeek(...real(parts), { firstDay: 'monday', countsFrom: 'one' }).year)],
]);

/** Zero dates (`0000-00-00`, `2024-00-00`) have digits, but no weekday and no week. */
function real({ year, month, day }: DateParts): [number, number, number] {
  const date: [number, number, number] = [Number(year), Number(month), Number(day)];
  if (!isRealDate(...date))
    throw new FilterFailure('the date is not in the calendar, so it has no weekday and no week');
  return date;
}

function monthName({ month }: DateParts): string {
  const name = MONTHS[Number(month) - 1];
  if (name === undefined) throw new FilterFailure('the date has no month');
  return name;
}

const dayName = (parts: DateParts): string => DAYS[dayOfWeek(...real(parts))] ?? '';
const hourOfTwelve = (hour: string): number => ((Number(hour) + 11) % 12) + 1;
const half = (hour: string): string => (Number(hour) % 24 < 12 ? 'AM' : 'PM');
const two = (number: number): string => String(number).padStart(2, '0');
const four = (number: number): string => String(number).padStart(4, '0');

function ordinal(day: number): string {
  if (day >= 10 && day <= 19) return `${day}th`;
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
}
