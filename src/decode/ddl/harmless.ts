import type { Token } from './tokens.ts';

/** What of an ALTER TABLE neither removes rows nor changes the values of those that stay. */

const ALL = Infinity;

/** Options with one value, `NAME [=] value`. */
const OPTIONS: ReadonlySet<string> = new Set([
  'ALGORITHM',
  'LOCK',
  'AUTO_INCREMENT',
  'AUTOEXTEND_SIZE',
  'AVG_ROW_LENGTH',
  'CHECKSUM',
  'TABLE_CHECKSUM',
  'PAGE_CHECKSUM',
  'COMMENT',
  'COMPRESSION',
  'DELAY_KEY_WRITE',
  'ENCRYPTED',
  'ENCRYPTION',
  'ENCRYPTION_KEY_ID',
  'ENGINE',
  'ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'KEY_BLOCK_SIZE',
  'MAX_ROWS',
  'MIN_ROWS',
  'PACK_KEYS',
  'PAGE_COMPRESSED',
  'PAGE_COMPRESSION_LEVEL',
  'ROW_FORMAT',
  'STATS_AUTO_RECALC',
  'STATS_PERSISTENT',
  'STATS_SAMPLE_PAGES',
  'TABLESPACE',
  'TRANSACTIONAL',
]);

/** Two words and nothing behind them. */
const PAIRS: ReadonlySet<string> = new Set([
  'ENABLE KEYS',
  'DISABLE KEYS',
  'WITH VALIDATION',
  'WITHOUT VALIDATION',
  'REMOVE PARTITIONING',
]);

/** Two words with which the rest of the clause belongs together. */
const WHOLE: ReadonlySet<string> = new Set([
  ...['INDEX', 'KEY', 'FULLTEXT', 'SPATIAL', 'UNIQUE', 'FOREIGN', 'CHECK', 'PARTITION'].map((what) => `ADD ${what}`),
  ...['INDEX', 'KEY', 'FOREIGN', 'CHECK', 'CONSTRAINT'].map((what) => `DROP ${what}`),
  ...['INDEX', 'KEY', 'CHECK', 'CONSTRAINT'].map((what) => `ALTER ${what}`),
  ...['INDEX', 'KEY'].map((what) => `RENAME ${what}`),
  ...['ANALYZE', 'CHECK', 'COALESCE', 'OPTIMIZE', 'REBUILD', 'REPAIR'].map((what) => `${what} PARTITION`),
  'PARTITION BY',
  'ORDER BY',
]);

const CONSTRAINTS: ReadonlySet<string> = new Set(['UNIQUE', 'FOREIGN', 'CHECK']);

export function isHarmless(clause: readonly Token[]): boolean {
  let at = 0;
  while (at < clause.length) {
    const width = harmlessWidth(clause, at);
    if (width === 0) return false;
    at += width;
  }
  return true;
}

/** How many tokens from `at` on are harmless. */
function harmlessWidth(clause: readonly Token[], at: number): number {
  const first = keyword(clause[at]);
  const pair = `${first} ${keyword(clause[at + 1])}`;
  if (WHOLE.has(pair)) return ALL;
  if (PAIRS.has(pair)) return 2;
  if (pair === 'ADD CONSTRAINT') return isPlainConstraint(clause, at + 2) ? ALL : 0;
  if (pair === 'DATA DIRECTORY' || pair === 'INDEX DIRECTORY') return optionWidth(clause, at + 1) + 1;
  if (first === 'FORCE') return 1;
  if (!OPTIONS.has(first)) return 0;
  const width = optionWidth(clause, at);
  // That engine keeps no rows.
  const value = clause[at + width - 1]?.text.toUpperCase();
  return first === 'ENGINE' && value === 'BLACKHOLE' ? 0 : width;
}

/** A primary key may change its columns: NULL becomes something else. A constraint need not have a name. */
function isPlainConstraint(clause: readonly Token[], at: number): boolean {
  return CONSTRAINTS.has(keyword(clause[at])) || CONSTRAINTS.has(keyword(clause[at + 1]));
}

function optionWidth(clause: readonly Token[], at: number): number {
  return clause[at + 1]?.text === '=' ? 3 : 2;
}

export function keyword(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
