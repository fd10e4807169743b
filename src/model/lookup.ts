/**
 * Rows that one lookup may find for one changed row. More of them would be more keys than any rule may give (`max_keys`), so
 * no more than one beyond it are read: enough to tell that there are too many.
 */
export const MAX_LOOKUP_ROWS = 10_000;
