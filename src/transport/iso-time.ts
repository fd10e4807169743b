/**
 * Times in records are ISO 8601 in UTC: a person reads them, and nothing is lost. Milliseconds always stand there,
 * microseconds when the source told them (`2026-03-01T10:00:00.123456Z`): commit times have that resolution (exactly
 * until the year 2109, after which a number of ms no longer holds whole µs).
 */
const SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:\d{3})?Z$/;
/** Beyond 2^53 µs (the year 2255, where versions end too) a number cannot hold microseconds. */
const LATEST_MS = 9_007_199_254_740;

/** Times of neighbouring records mostly share their second, and the text up to it is the slow part: kept between calls. */
export class TimeFormatter {
  #second = -1;
  #prefix = '';

  /** `timeMs`: ms since the epoch, with µs as its fraction. */
  format(timeMs: number): string {
    const timeUs = Math.round(Math.min(Math.max(timeMs, 0), LATEST_MS) * 1000);
    const second = Math.floor(timeUs / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * 1000).toISOString().slice(0, 20);
    }
    const us = timeUs - second * 1_000_000;
    return us % 1000 === 0 ? `${this.#prefix}${digits(us / 1000, 3)}Z` : `${this.#prefix}${digits(us, 6)}Z`;
  }
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

/** Reads them back, and keeps the second like the formatter. */
export class TimeParser {
  #prefix = '';
  #secondMs = 0;

  /** ms since the epoch, or undefined if it is not such a time. */
  parse(text: string): number | undefined {
    if (!SHAPE.test(text)) return undefined;
    const prefix = text.slice(0, 20);
    if (prefix !== this.#prefix) {
      const secondMs = Date.parse(`${prefix}000Z`);
      // Date.parse takes the 30th of February for the 2nd of March.
      if (Number.isNaN(secondMs) || new Date(secondMs).toISOString().slice(0, 20) !== prefix) return undefined;
      this.#prefix = prefix;
      this.#secondMs = secondMs;
    }
    const timeMs = this.#secondMs + Number(text.slice(20, 23));
    return text.length === 24 ? timeMs : (timeMs * 1000 + Number(text.slice(23, 26))) / 1000;
  }
}
