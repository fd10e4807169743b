/** One row that a rule's lookup query found: column name → canonical text. */
export type LookupRow = Readonly<Record<string, string | null>>;
