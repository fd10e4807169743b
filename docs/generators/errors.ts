import { ERRORS } from '../../src/runtime/errors.ts';
import { GENERATED, table } from './markdown.ts';

const EXIT_CODES = [
  ['0', 'Ordered stop. After a signal the drain ends by raising that signal again, so a shell sees the signal.'],
  ['1', 'Unexpected: the errors below say what it was.'],
  ['2', 'The configuration, a rule file, or the setup of a server is wrong; nothing was touched.'],
  ['3', 'The position to resume from is gone or unreadable: the cache must be treated as unknown.'],
  ['4', 'The lease was lost: another capture has taken over.'],
];

export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { title, retryable, exitCode, remedy }]) => [
    `\`${code}\``,
    title,
    retryable ? 'yes' : 'no',
    retryable ? `(${exitCode})` : String(exitCode),
    remedy,
  ]);
  return `${GENERATED}

# Errors

Every error that Sluice raises on purpose has a code. It stands in the log line, and it is the key of this table.

${table(['Code', 'What happened', 'Retried', 'Exit code', 'What to do'], rows)}

_Retried: yes_ means that Sluice waits and tries again by itself, and nothing is skipped meanwhile; the exit code in
brackets is for a command that has nothing to retry, such as \`sluice check --live\`.

## Exit codes

${table(['Code', 'Meaning'], EXIT_CODES)}
`;
}
