import { againAfterOf, type Invalidation } from '../model/invalidation.ts';
import { formatCoordinates } from '../model/position.ts';
import type { Change, JsonValue } from '../model/row-change.ts';
import type { DeadLetter } from '../ports.ts';
import type { ChangeExplanation, RuleExplanation } from '../rules/explain/explain.ts';
import type { Difference } from '../rules/explain/explain-difference.ts';
import { formatDuration } from '../runtime/config/units.ts';
import { partitionFor } from '../transport/murmur2.ts';
import { nameOf } from './explain-filter.ts';
import { imageJson, primaryKeyOf, type JsonOptions } from './explain-json.ts';
import { printable } from './tail-format.ts';
import type { Paint } from './test-format.ts';

export interface FormatOptions extends JsonOptions {
  readonly paint: Paint;
}

/** A change, then a block for each rule about its table: what it does, or why it does nothing. */
export function formatExplanation(explanation: ChangeExplanation, options: FormatOptions): string[] {
  const { change, rules } = explanation;
  const width = Math.max(0, ...rules.map(({ rule }) => rule.length));
  return [
    ...formatChange(change, options),
    ...rules.flatMap((rule) => formatRule(rule, width, options)),
    ...(rules.length === 0 ? [options.paint.dim('  no rule is about this table')] : []),
  ];
}

export function formatDifference(change: Change, difference: Difference, options: FormatOptions): string[] {
  const { paint } = options;
  const { added, removed, changed, addedLetters, removedLetters } = difference;
  return [
    ...formatChange(change, options),
    ...removed.map((each) => paint.bad(`  - ${formatWithRule(each, options)}`)),
    ...added.map((each) => paint.good(`  + ${formatWithRule(each, options)}`)),
    ...changed.flatMap(({ before, after, what }) => [
      `  ~ ${printable(before.key)}  ${paint.dim(`not the same: ${what.join(', ')}`)}`,
      paint.bad(`    - ${formatWithRule(before, options)}`),
      paint.good(`    + ${formatWithRule(after, options)}`),
    ]),
    ...removedLetters.map((letter) => paint.bad(`  - ${formatLetter(letter)}`)),
    ...addedLetters.map((letter) => paint.good(`  + ${formatLetter(letter)}`)),
  ];
}

export function formatChange(change: Change, { values, paint }: FormatOptions): string[] {
  const { database, table } = nameOf(change);
  const { gtid, begin, commitTimeUs } = change.transaction;
  const name = table === null ? `${database ?? '*'} (every table)` : `${database}.${table}`;
  const key = primaryKeyOf(change);
  const place = [formatCoordinates(begin), gtid, new Date(commitTimeUs / 1000).toISOString()].filter(
    (part) => part !== null,
  );
  const head = [change.operation, name, key === null ? '' : pairs(key)].filter((part) => part !== '').join(' ');
  const lines = [`${printable(head)}  ${paint.dim(printable(place.join('  ')))}`];
  if (!values || change.kind === 'table') return lines;
  if (change.before !== null) lines.push(`  before  ${printable(pairs(imageJson(change.before, change.table)))}`);
  if (change.after !== null) lines.push(`  after   ${printable(pairs(imageJson(change.after, change.table)))}`);
  return lines;
}

function formatRule(
  { rule, verdict, invalidations }: RuleExplanation,
  width: number,
  options: FormatOptions,
): string[] {
  const { paint } = options;
  const name = printable(rule.padEnd(width));
  const reason = printable(verdict.reason);
  if (verdict.kind === 'dead_letter') {
    const rest = invalidations.map((each) => `  ${' '.repeat(width)}  ${formatInvalidation(each, options)}`);
    return [`  ${paint.bad(name)}  ${paint.bad('dead letter')}: ${reason}`, ...rest];
  }
  if (invalidations.length === 0) return [paint.dim(`  ${name}  nothing: ${reason}`)];
  return invalidations.map((each, index) =>
    index === 0
      ? `  ${paint.good(name)}  ${formatInvalidation(each, options)}  ${paint.dim(`(${reason})`)}`
      : `  ${' '.repeat(width)}  ${formatInvalidation(each, options)}`,
  );
}

function formatWithRule(invalidation: Invalidation, options: FormatOptions): string {
  return `${formatInvalidation(invalidation, options)}  rule ${printable(invalidation.rule)}`;
}

function formatInvalidation(invalidation: Invalidation, { partitions, values }: FormatOptions): string {
  const { action, key, partitionKey } = invalidation;
  const parts = [`${action.padEnd(7)} ${key}`];
  if (action === 'flush')
    parts.push(invalidation.versioned ? `${invalidation.reason}, versioned` : invalidation.reason);
  const againAfterMs = againAfterOf(invalidation);
  if (againAfterMs !== null) parts.push(`again after ${formatDuration(againAfterMs)}`);
  if (partitionKey !== key && action !== 'flush') parts.push(`partition key ${partitionKey}`);
  if (partitions !== null) parts.push(`partition ${partitionFor(partitionKey, partitions)}`);
  // No value of anybody, and the opposite of what a refresh most often does: the key will be deleted or marked as empty.
  if (action === 'refresh' && invalidation.row.state === 'gone') parts.push('row gone');
  else if (action === 'refresh' && values) parts.push(pairs(invalidation.row.columns));
  return printable(parts.join('  '));
}

function formatLetter({ item, reason }: DeadLetter): string {
  return printable(`dead letter  ${reason}${item.kind === 'unmapped' ? `  rule ${item.rule}` : ''}`);
}

function pairs(values: Readonly<Record<string, JsonValue>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
