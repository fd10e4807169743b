import { againAfterOf, type Invalidation, type RowPayload } from '../../model/invalidation.ts';
import type { DeadLetter } from '../../ports.ts';
import { formatDuration } from '../../runtime/config/units.ts';
import type { ExpectedAction, WrittenExpectation } from './test-schema.ts';

/** One thing that happened. `subject`: the key; of a flush the pattern, of an epoch the table, of a dead letter the rule. */
export interface Outcome {
  readonly action: ExpectedAction;
  readonly subject: string;
  readonly rule: string;
  readonly partitionKey: string | null;
  readonly againAfterMs: number | null;
  readonly row: RowPayload | null;
  readonly reason: string | null;
}

/** One thing that should happen; what is null may be anything. */
export interface Expectation {
  readonly action: ExpectedAction;
  readonly subject: string;
  readonly rule: string | null;
  readonly partitionKey: string | null;
  readonly againAfterMs: number | null;
  readonly row: 'gone' | Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
}

const EPOCH_PREFIX = 'sluice:epoch:';

export function outcomesOf(invalidations: readonly Invalidation[], letters: readonly DeadLetter[]): Outcome[] {
  return [...invalidations.map(outcomeOf), ...letters.map(letterOutcome)];
}

function outcomeOf(invalidation: Invalidation): Outcome {
  const { action, key, rule, partitionKey } = invalidation;
  const subject = action === 'epoch' && key.startsWith(EPOCH_PREFIX) ? key.slice(EPOCH_PREFIX.length) : key;
  const row = action === 'refresh' ? invalidation.row : null;
  const reason = action === 'flush' ? invalidation.reason : null;
  return { action, subject, rule, partitionKey, againAfterMs: againAfterOf(invalidation), row, reason };
}

function letterOutcome({ item, reason }: DeadLetter): Outcome {
  const rule = item.kind === 'unmapped' ? item.rule : '';
  return { action: 'dead_letter', subject: rule, rule, partitionKey: null, againAfterMs: null, row: null, reason };
}

export function expectationOf(written: WrittenExpectation): Expectation {
  const { action, subject } = actionOf(written);
  return {
    action,
    subject,
    rule: written.rule ?? null,
    partitionKey: written.partition_key ?? null,
    againAfterMs: written.again_after ?? null,
    row: written.row ?? null,
    reason: written.reason ?? null,
  };
}

function actionOf(written: WrittenExpectation): { action: ExpectedAction; subject: string } {
  for (const action of ['delete', 'refresh', 'flush', 'epoch'] as const) {
    const subject = written[action];
    if (subject !== undefined) return { action, subject };
  }
  // The schema has seen to it that one is there.
  return { action: 'dead_letter', subject: written.dead_letter ?? '' };
}

/** What an outcome is not that was expected of it; empty: it is the same thing. Null: it is something else altogether. */
export function deviations(expected: Expectation, outcome: Outcome): string[] | null {
  if (expected.action !== outcome.action || expected.subject !== outcome.subject) return null;
  const found: string[] = [];
  if (expected.rule !== null && expected.rule !== outcome.rule) found.push(`rule ${outcome.rule}`);
  if (expected.partitionKey !== null && expected.partitionKey !== outcome.partitionKey) {
    found.push(`partition_key ${outcome.partitionKey}`);
  }
  if (expected.againAfterMs !== null && expected.againAfterMs !== outcome.againAfterMs) {
    const { againAfterMs } = outcome;
    found.push(againAfterMs === null ? 'no again_after' : `again_after ${formatDuration(againAfterMs)}`);
  }
  if (expected.row !== null && !sameRow(expected.row, outcome.row)) found.push(`row ${rowText(outcome.row)}`);
  const { reason } = expected;
  if (reason !== null && !(outcome.reason ?? '').includes(reason)) found.push(`reason ${outcome.reason}`);
  return found;
}

export function rowText(row: RowPayload | null): string {
  return row === null || row.state === 'gone' ? 'gone' : JSON.stringify(row.columns);
}

function sameRow(expected: NonNullable<Expectation['row']>, row: RowPayload | null): boolean {
  if (row === null || expected === 'gone' || row.state === 'gone') return expected === 'gone' && row?.state === 'gone';
  return loosely(expected) === loosely(row.columns);
}

/** `7` and `"7"` are the same here: how a type looks in JSON is not what rules are tested for. */
function loosely(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(loosely).join(',')}]`;
  if (value === null) return 'null';
  if (typeof value !== 'object') return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value));
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${loosely(member)}`).join(',')}}`;
}
