/**
 * Why changes may have been missed:
 * - `purged`: the source no longer has the files or GTIDs behind the position
 * - `reset`: its log was begun anew, or it lost transactions of its own
 * - `other_server`: another server without a common history, or one that can no longer continue this kind of position
 * - `transactions_lost`: a failover to a server that lacks transactions we have seen, and that nobody gives them to
 * - `incident`: the source says in its log that it lost changes
 * - `checkpoint_unreadable`: the checkpoint is damaged
 * - `checkpoint_missing`: it is not there, although this daemon has worked with this cache before
 */
export const GAP_REASONS = [
  'purged',
  'reset',
  'other_server',
  'transactions_lost',
  'incident',
  'checkpoint_unreadable',
  'checkpoint_missing',
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/**
 * Why records of a topic may have been deleted before a worker read them:
 * - `records_deleted`: the topic no longer has those behind the committed offset (retention)
 * - `topic_recreated`: the topic is another one than the offset was committed for, or it was truncated
 * - `offsets_missing`: the group has no offset, although it has worked with this cache before
 */
export const LOSS_REASONS = ['records_deleted', 'topic_recreated', 'offsets_missing'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** `flush`: remove what the rules own and continue from now; `halt`: end with exit code 3; `ignore`: continue from now. */
export const GAP_POLICIES = ['flush', 'halt', 'ignore'] as const;
export type GapPolicy = (typeof GAP_POLICIES)[number];
