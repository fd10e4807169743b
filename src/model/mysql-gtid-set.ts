import type { GtidSet } from './gtid-set.ts';

/** First and last transaction number, both included. */
interface Interval {
  start: number;
  end: number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TAG = /^[a-z_][a-z0-9_]{0,31}$/;

/**
 * A MySQL GTID set: `uuid:1-5:8,uuid:tag:1-3`. A source is a server UUID, or since MySQL 8.3 a UUID with a tag; each
 * has a list of intervals, sorted, with at least one number missing between neighbours.
 * Numbers beyond 2^53 − 1 (MySQL allows 2^63) are refused with an error instead of being rounded.
 * Source: MySQL manual, "GTID Format and Storage", "GTID Sets".
 */
export class MysqlGtidSet implements GtidSet {
  /** `uuid` or `uuid:tag` → its intervals. */
  readonly #sources = new Map<string, Interval[]>();

  static parse(text: string): MysqlGtidSet {
    const set = new MysqlGtidSet();
    for (const block of text.replace(/\s/g, '').split(',')) {
      if (block !== '') set.#parseBlock(block);
    }
    return set;
  }

  add(gtid: string): void {
    const colon = gtid.lastIndexOf(':');
    this.#parseInterval(gtid.slice(0, colon), gtid.slice(colon + 1), gtid);
  }

  contains(gtid: string): boolean {
    const colon = gtid.lastIndexOf(':');
    const number = toNumber(gtid.slice(colon + 1), gtid);
    const intervals = this.#sources.get(gtid.slice(0, colon).toLowerCase());
    if (intervals === undefined) return false;
    const candidate = intervals[firstEndingAtOrAfter(intervals, number)];
    return candidate !== undefined && candidate.start <= number;
  }

  isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** Sorted by UUID, then by tag with the untagged first; the tags of one UUID share its block, as the server prints it. */
  toString(): string {
    const blocks = new Map<string, string>();
    for (const source of [...this.#sources.keys()].sort()) {
      const [uuid = '', tag] = source.split(':');
      const ranges = (this.#sources.get(source) ?? []).map(({ start, end }) =>
        start === end ? `${start}` : `${start}-${end}`,
      );
      blocks.set(uuid, [blocks.get(uuid) ?? uuid, ...(tag === undefined ? [] : [tag]), ...ranges].join(':'));
    }
    return [...blocks.values()].join(',');
  }

  /** In order, the last interval grows by one: no search, no allocation. */
  #insert(intervals: Interval[], start: number, end: number): void {
    const last = intervals[intervals.length - 1];
    if (last === undefined || start > last.end + 1) {
      intervals.push({ start, end });
    } else if (start === last.end + 1) {
      last.end = end;
    } else {
      insertOutOfOrder(intervals, start, end);
    }
  }

  #intervalsOf(source: string, context: string): Interval[] {
    const known = this.#sources.get(source);
    if (known !== undefined) return known;
    const lower = source.toLowerCase();
    const [uuid = '', tag, ...rest] = lower.split(':');
    if (!UUID.test(uuid) || (tag !== undefined && !TAG.test(tag)) || rest.length > 0) {
      throw new Error(`not a MySQL GTID: '${context}'`);
    }
    const intervals = this.#sources.get(lower) ?? [];
    this.#sources.set(lower, intervals);
    return intervals;
  }

  /** Within a block an item that is no interval is a tag, and names the source of the intervals that follow it. */
  #parseBlock(block: string): void {
    const [uuid = '', ...items] = block.split(':');
    let source = uuid;
    let intervalsOfSource = 0;
    for (const [index, item] of items.entries()) {
      if (/^\d/.test(item)) {
        this.#parseInterval(source, item, block);
        intervalsOfSource++;
      } else {
        if (index > 0 && intervalsOfSource === 0) throw new Error(`a GTID tag without numbers: '${block}'`);
        source = `${uuid}:${item}`;
        intervalsOfSource = 0;
      }
    }
    if (intervalsOfSource === 0) throw new Error(`not a MySQL GTID set: '${block}'`);
  }

  #parseInterval(source: string, item: string, context: string): void {
    const [first = '', last = first, ...rest] = item.split('-');
    const start = toNumber(first, context);
    const end = toNumber(last, context);
    if (rest.length > 0 || end < start) throw new Error(`not a GTID interval: '${item}' in '${context}'`);
    this.#insert(this.#intervalsOf(source, context), start, end);
  }
}

/** Merges [start, end] with every interval it touches. */
function insertOutOfOrder(intervals: Interval[], start: number, end: number): void {
  const from = firstEndingAtOrAfter(intervals, start - 1);
  let to = from;
  let merged: Interval = { start, end };
  for (; to < intervals.length; to++) {
    const next = intervals[to];
    if (next === undefined || next.start > end + 1) break;
    merged = { start: Math.min(merged.start, next.start), end: Math.max(merged.end, next.end) };
  }
  intervals.splice(from, to - from, merged);
}

/** Index of the first interval whose end is not before `number`; the length if there is none. */
function firstEndingAtOrAfter(intervals: readonly Interval[], number: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle]?.end ?? Infinity) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function toNumber(text: string, context: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(number >= 1)) throw new Error(`not a GTID number: '${text}' in '${context}'`);
  if (!Number.isSafeInteger(number)) throw new Error(`GTID numbers beyond 2^53 are not supported: '${context}'`);
  return number;
}
