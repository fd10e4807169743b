/**
 * Every error Sluice raises on purpose has a code from this one table; docs/errors.md is generated from it.
 * Exit codes: 0 ordered stop, 1 unexpected, 2 configuration or source settings, 3 position gone, 4 lease lost.
 */
export interface ErrorKind {
  readonly title: string;
  /** True: the same call may succeed later, so the caller waits and retries. */
  readonly retryable: boolean;
  readonly exitCode: 1 | 2 | 3 | 4;
  readonly remedy: string;
}

export const ERRORS = {
  CONFIG_INVALID: {
    title: 'The configuration or a rule file is wrong',
    retryable: false,
    exitCode: 2,
    remedy: 'Every problem is listed with file, line and column. Mend them and try `sluice check`.',
  },
  PREFLIGHT_FAILED: {
    title: 'A server is not set up as Sluice needs it',
    retryable: false,
    exitCode: 2,
    remedy: 'Each problem names its remedy. `sluice check --live` repeats the test without starting anything.',
  },
  SOURCE_UNAVAILABLE: {
    title: 'The source does not answer or the connection broke',
    retryable: true,
    exitCode: 1,
    remedy: 'Sluice reconnects by itself. Look at the network and at the server log.',
  },
  SOURCE_POSITION_GONE: {
    title: 'The source no longer has the position to resume from',
    retryable: false,
    exitCode: 3,
    remedy:
      'Binary logs were purged or reset, or this is another server: changes may have been missed. Only `source.on_gap: halt` ends the process for it. Look for a server that still has the position, or start once with `source.on_gap: flush`, which removes what the rules own and goes on from now (docs/operations.md).',
  },
  SOURCE_DECODE: {
    title: 'An event of the binary log cannot be decoded',
    retryable: false,
    exitCode: 1,
    remedy:
      'Nothing was skipped: the checkpoint stands before the event. docs/operations.md says which settings cause it.',
  },
  HISTORY_NOT_FOUND: {
    title: 'The piece of history that was asked for is not in the binary log',
    retryable: false,
    exitCode: 1,
    remedy: '`SHOW BINARY LOGS` lists what the source still has. Ask for something later, or for fewer transactions.',
  },
  RULE_COLUMN_MISSING: {
    title: 'A rule needs a column that its table does not have',
    retryable: false,
    exitCode: 1,
    remedy:
      "The rule's rows became dead letters and its keys were flushed once; other rules go on. Mend the rule, or narrow its `table` to the tables that have the column; `sluice check --live` finds it beforehand.",
  },
  RULE_TOO_MANY_KEYS: {
    title: 'A row gives more keys than its rule allows',
    retryable: false,
    exitCode: 1,
    remedy:
      'The row becomes a dead letter, the others go on. Raise `max_keys` of the rule, or make its template give fewer keys.',
  },
  RULE_FILTER_FAILED: {
    title: 'A filter of a key template cannot work on a value',
    retryable: false,
    exitCode: 1,
    remedy:
      'The row becomes a dead letter, the others go on. The message names the filter: mend the template, or the data in the column.',
  },
  RULE_KEY_TOO_LONG: {
    title: 'A key is longer than 16 KiB',
    retryable: false,
    exitCode: 1,
    remedy:
      'The row becomes a dead letter, the others go on. Shorten the value in the template, for example with `sha1` or `substring(0, 100)`.',
  },
  RULE_CONDITION_FAILED: {
    title: 'The `when` of a rule cannot be decided for a row',
    retryable: false,
    exitCode: 1,
    remedy:
      'The row became a dead letter; other rules and rows went on. Most often a NULL or a text is compared with `<` or `>`: look at `op` or compare with null first.',
  },
  RULE_LOOKUP_FAILED: {
    title: 'The lookup of a rule can never succeed for a row',
    retryable: false,
    exitCode: 1,
    remedy:
      'The row became a dead letter; other rules and rows went on. The message says what the server refuses: mend the query of the lookup, or the rights of its user.',
  },
  PUBLISH_FAILED: {
    title: 'Kafka refuses the records for good',
    retryable: false,
    exitCode: 1,
    remedy: 'The message names the topic and the reason (authorization, record size). Nothing was skipped.',
  },
  SUBSCRIPTION_FAILED: {
    title: 'Kafka refuses to hand out the records for good',
    retryable: false,
    exitCode: 1,
    remedy: 'The message names the topic, the consumer group and the reason (authorization). Nothing was skipped.',
  },
  RECORDS_LOST: {
    title: 'Records may have been deleted before the workers read them',
    retryable: false,
    exitCode: 3,
    remedy:
      'Only `source.on_gap: halt` ends the process for it. Start the workers once with `source.on_gap: flush`, which removes what the rules own and reads on (docs/operations.md).',
  },
  TRANSPORT_UNAVAILABLE: {
    title: 'Kafka does not answer',
    retryable: true,
    exitCode: 1,
    remedy: 'Sluice retries by itself. Look at the brokers.',
  },
  CACHE_UNAVAILABLE: {
    title: 'A Redis target does not answer or refuses writes',
    retryable: true,
    exitCode: 1,
    remedy: 'Sluice waits and retries; nothing is skipped. Look at the target.',
  },
  READ_UNAVAILABLE: {
    title: 'The server for refresh queries does not answer',
    retryable: true,
    exitCode: 1,
    remedy: 'Sluice waits and retries; nothing is skipped.',
  },
  READ_REFUSED: {
    title: 'A refresh query can never succeed as it is written',
    retryable: false,
    exitCode: 1,
    remedy: 'The key is deleted and the record goes to the dead letters. Mend the query in the rule.',
  },
  DEAD_LETTER_FAILED: {
    title: 'A dead letter could not be kept',
    retryable: false,
    exitCode: 1,
    remedy: 'The worker stops rather than lose it. Look at the disk, or at the dead-letter topic.',
  },
  DEAD_LETTERS_LIMIT: {
    title: 'Too much would become dead letters',
    retryable: false,
    exitCode: 1,
    remedy:
      'Nothing of the batch was kept or skipped. The message tells the newest reasons: mend the rule or the server they name and start again. Should they really be given up, raise `dead_letters.max_streak` or `max_share`, or set them to `never`, for one start.',
  },
  DEAD_LETTER_UNREADABLE: {
    title: 'A dead letter is damaged',
    retryable: false,
    exitCode: 1,
    remedy:
      'The message says what is wrong with it. `sluice dead-letters list` shows it as it stands; it cannot be replayed, and `purge` takes it away with those before it.',
  },
  CHECKPOINT_UNREADABLE: {
    title: 'The checkpoint is damaged',
    retryable: false,
    exitCode: 3,
    remedy:
      'Only `source.on_gap: halt` ends the process for it. Restore it from a backup, or start once with `source.on_gap: flush`, which removes what the rules own and goes on from now (docs/operations.md).',
  },
  CHECKPOINT_MISSING: {
    title: 'The checkpoint is gone, although this daemon has worked here before',
    retryable: false,
    exitCode: 3,
    remedy:
      'Restore it from a backup, or start once with `source.on_gap: flush`, which removes what the rules own and goes on from now.',
  },
  CHECKPOINT_UNAVAILABLE: {
    title: 'The checkpoint could not be read or saved',
    retryable: true,
    exitCode: 2,
    remedy:
      'Nothing is lost. At the start, which ends only if the store refuses for half a minute: mend the path, its permissions or the server of the checkpoint. While running it is retried; until it succeeds a restart repeats more, and loses nothing.',
  },
  LEASE_UNAVAILABLE: {
    title: 'The lease is not held at the moment',
    retryable: true,
    exitCode: 1,
    remedy:
      'Nothing is published or applied until the source has confirmed the lease again; Sluice tries that by itself. Look at the source.',
  },
  LEASE_LOST: {
    title: 'Another capture of this name has taken over',
    retryable: false,
    exitCode: 4,
    remedy:
      'Start it again: it becomes the standby. Nothing was applied or saved after the other one took over. If it happens again and again, look why this process or its link to the source stalls (docs/operations.md).',
  },
  DAEMON_UNAVAILABLE: {
    title: 'The running daemon cannot be reached',
    retryable: false,
    exitCode: 1,
    remedy: 'Look at the address: `admin.host` and `admin.port` of the daemon, or `--daemon URL`.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

export class SluiceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SluiceError';
    this.code = code;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }
}

/** One thing that is wrong, where, and how to mend it. */
export interface Problem {
  /** `file:line:column` parts where the problem stands in a file. Lines and columns count from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  readonly remedy: string;
  /** The line it stands in, and below it a line with a caret under the place. Only where nothing secret can stand. */
  readonly excerpt?: string;
  /** It may pass without anybody mending anything: a server that did not answer. */
  readonly temporary?: boolean;
}

/** All problems at once: the caller prints each and exits with the code of the error (2). */
export class ProblemsError extends SluiceError {
  readonly problems: readonly Problem[];

  constructor(code: 'CONFIG_INVALID' | 'PREFLIGHT_FAILED', problems: readonly Problem[]) {
    super(code, problems.map((problem) => formatProblem({ ...problem, excerpt: '' })).join('\n'));
    this.name = 'ProblemsError';
    this.problems = problems;
  }
}

/** For a person: place and message, the line with its caret, the remedy. */
export function formatProblem({ file, line, column, message, remedy, excerpt = '' }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const shown = excerpt === '' ? '' : `\n${excerpt.replace(/^/gm, '    | ')}`;
  return `${place === '' ? '' : `${place}: `}${message}${shown}\n    remedy: ${remedy}`;
}

export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorMessage).join('; ');
  return error instanceof Error ? error.message : String(error);
}
