import type { Invalidation } from '../model/invalidation.ts';
import { matchesGlob, meetsFlushPattern } from './glob.ts';

/** What `sluice tail` lets through. Everything given must match. */
export interface AuditFilter {
  /** Glob over the cache key: `*` any run, `?` one character. A flush matches when it may have removed such a key. */
  readonly key?: string;
  /** `table` or `database.table`, a glob too. */
  readonly table?: string;
  readonly rule?: string;
  /** Only what was captured at or after this time, ms since the epoch. */
  readonly sinceMs?: number;
}

const PARAMETERS = ['key', 'table', 'rule', 'since'];

/** The filter, or the sentence that says why there is none. */
export function parseFilter(parameters: URLSearchParams): AuditFilter | string {
  const names = [...parameters.keys()];
  const unknown = names.find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) return `there is no parameter \`${unknown}\`; there are ${PARAMETERS.join(', ')}`;
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) return `\`${repeated}\` can be given once`;

  const filter: { -readonly [K in keyof AuditFilter]: AuditFilter[K] } = {};
  const key = parameters.get('key');
  const table = parameters.get('table');
  const rule = parameters.get('rule');
  const since = parameters.get('since');
  if (key !== null) filter.key = key;
  if (table !== null) filter.table = table;
  if (rule !== null) filter.rule = rule;
  if (since !== null) {
    if (!/^\d{1,15}(\.\d+)?$/.test(since)) return '`since` must be a time in ms since the epoch';
    filter.sinceMs = Number(since);
  }
  return filter;
}

export function filterToQuery(filter: AuditFilter): string {
  const query = new URLSearchParams();
  if (filter.key !== undefined) query.set('key', filter.key);
  if (filter.table !== undefined) query.set('table', filter.table);
  if (filter.rule !== undefined) query.set('rule', filter.rule);
  if (filter.sinceMs !== undefined) query.set('since', String(filter.sinceMs));
  return query.toString();
}

/** Compiles the filter once; the result is called per invalidation. */
export function compileFilter(filter: AuditFilter): (invalidation: Invalidation) => boolean {
  const tests: ((invalidation: Invalidation) => boolean)[] = [];
  const { key, table, rule, sinceMs } = filter;
  if (key !== undefined) {
    tests.push((each) => (each.action === 'flush' ? meetsFlushPattern(key, each.key) : matchesGlob(key, each.key)));
  }
  if (table !== undefined) {
    tests.push(({ origin }) =>
      matchesGlob(table, table.includes('.') ? `${origin.database}.${origin.table}` : origin.table),
    );
  }
  if (rule !== undefined) tests.push((invalidation) => invalidation.rule === rule);
  if (sinceMs !== undefined) tests.push(({ origin }) => origin.captureTimeMs >= sinceMs);
  return (invalidation) => tests.every((test) => test(invalidation));
}
