import { MAX_LOOKUP_ROWS } from '../model/lookup.ts';

/** Sizes of one statement in parameter lists; few of them, because each size is a prepared statement of its own. */
const SIZES = [32, 16, 8, 4, 2, 1] as const;
/** The protocol counts parameters in 16 bits. */
const MAX_PARAMETERS = 65_535;
/** No statement is longer, so that any `max_allowed_packet` takes it. */
const MAX_CHARACTERS = 256 * 1024;

/** How many parameter lists of `count` the next statement takes. */
export function listsPerStatement(sql: string, parametersPerList: number, count: number): number {
  const fits = (size: number): boolean =>
    size <= count && size * parametersPerList <= MAX_PARAMETERS && size * sql.length <= MAX_CHARACTERS;
  return SIZES.find(fits) ?? 1;
}

/**
 * The query `size` times in one statement; the first column tells which of the lists of parameters a row belongs to. Its limit
 * is per list. The query stands between line breaks: it may end with a comment.
 */
export function lookupStatement(sql: string, size: number): string {
  const one = (index: number): string =>
    `(SELECT ${index} AS \`sluice:list\`, q.* FROM (\n${sql}\n) AS q LIMIT ${MAX_LOOKUP_ROWS + 1})`;
  return Array.from({ length: size }, (_, index) => one(index)).join(' UNION ALL ');
}
