/** The order in which invalidations were published or applied, as the topic or the audit trail tells it. */
export interface Told {
  readonly key: string;
  readonly version: number;
}

/**
 * Per key the versions must rise. A crash repeats some, with the versions they had: whoever comes late must have been there
 * before. And at the end of all repetitions the newest must have been the last. `isWhole`: nothing that was told is missing here.
 */
export function orderProblems(told: Iterable<Told>, { isWhole = true }: { isWhole?: boolean } = {}): string[] {
  const problems: string[] = [];
  const newest = new Map<string, number>();
  const last = new Map<string, number>();
  const seen = new Set<string>();
  for (const { key, version } of told) {
    const before = newest.get(key) ?? 0;
    const name = `${key} ${version}`;
    if (isWhole && version < before && !seen.has(name))
      problems.push(`${key}: version ${version} came first after ${before}`);
    newest.set(key, Math.max(before, version));
    last.set(key, version);
    seen.add(name);
  }
  for (const [key, version] of last) {
    if (version !== newest.get(key)) problems.push(`${key}: version ${version} came last, after ${newest.get(key)}`);
  }
  return problems;
}

/** A crash may cut the last line; the next process then goes on in the middle of it. Null: the cut one itself, which is repeated. */
export function parseTold(line: string): Told | null {
  const whole = line.slice(Math.max(0, line.lastIndexOf('{"v":1,')));
  try {
    const read: unknown = JSON.parse(whole);
    // Poison may be JSON too.
    return isTold(read) ? { key: read.key, version: read.version } : null;
  } catch {
    return null;
  }
}

function isTold(read: unknown): read is Told {
  if (typeof read !== 'object' || read === null || !('key' in read) || !('version' in read)) return false;
  return typeof read.key === 'string' && typeof read.version === 'number';
}
