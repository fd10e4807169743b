/**
 * Durations (`500ms 10s 5m 2h 7d`) and sizes (`64KiB 16MiB 1GiB`, or plain bytes) as people write them in YAML.
 * Inside the daemon they are numbers with the unit in the name: `heartbeatMs`, `maxInFlightBytes`.
 */
const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** How a person is told what to write; to be put into a sentence. */
export const DURATION_HINT = 'use a duration such as 500ms, 10s, 5m, 2h or 7d';
export const SIZE_HINT = 'use a size such as 64KiB, 16MiB or 1GiB, or a number of bytes';

/**
 * Milliseconds, or undefined if the text is no duration. A unit is demanded even for zero: `timeout: 10` would leave
 * everyone guessing between seconds and milliseconds.
 */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (parts === null) return undefined;
  return safe(Number(parts[1]) * MS[parts[2] as keyof typeof MS]);
}

/** Bytes, or undefined if it is no size. Only binary units: 1KB is 1000 to some and 1024 to others. */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const parts = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)?$/.exec(value.trim());
  if (parts === null) return undefined;
  return safe(Number(parts[1]) * BYTES[(parts[2] ?? 'B') as keyof typeof BYTES]);
}

function safe(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** The shortest exact way to write it: 90000 → `90s`, 604800000 → `7d`. */
export function formatDuration(ms: number): string {
  return format(ms, MS);
}

function format(value: number, units: Readonly<Record<string, number>>): string {
  const largestFirst = Object.entries(units).reverse();
  const [name, factor] = largestFirst.find(([, each]) => value >= each && value % each === 0) ??
    largestFirst.at(-1) ?? ['', 1];
  return `${value / factor}${name}`;
}
