/**
 * Times in records are ISO 8601 in UTC: a person reads them, and nothing is lost. Milliseconds always stand there,
 * microseconds when the source told them (`2026-03-01T10:00:00.123456Z`): commit times have that resolution.
 */
const SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:\d{3})?Z$/;
/** 9999-12-31T23:59:59.999Z: later ones do not have the shape. */
const LATEST_MS = 253402300799999;

/** `timeMs`: ms since the epoch, with µs as its fraction. */
export function formatTime(timeMs: number): string {
  const bounded = Math.min(Math.max(timeMs, 0), LATEST_MS);
  const timeUs = Math.round(bounded * 1000);
  const us = timeUs % 1000;
  const text = new Date((timeUs - us) / 1000).toISOString();
  return us === 0 ? text : `${text.slice(0, -1)}${String(us).padStart(3, '0')}Z`;
}

/** ms since the epoch, or undefined if it is not such a time. */
export function parseTime(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  const timeMs = Date.parse(text.length === 24 ? text : `${text.slice(0, 23)}Z`);
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString().slice(0, 23) !== text.slice(0, 23)) return undefined;
  return text.length === 24 ? timeMs : (timeMs * 1000 + Number(text.slice(23, 26))) / 1000;
}
