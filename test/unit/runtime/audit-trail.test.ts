import { expect, it } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { AuditTrail } from '../../../src/runtime/audit-trail.ts';
import { refreshOf } from '../../support/invalidations.ts';

const encode = (invalidation: Invalidation): string => JSON.stringify(invalidation);

it('passes the row of a refresh on to whoever listens, and remembers the refresh without it', () => {
  const trail = new AuditTrail({ encode, keepRecords: 10 });
  const listening: string[] = [];
  trail.subscribe({}, (line) => listening.push(line));
  trail.record([refreshOf('card:1', 7, { name: 'a large text' })]);
  expect(listening.join()).toContain('a large text');

  const remembered: string[] = [];
  trail.subscribe({ sinceMs: 0 }, (line) => remembered.push(line));
  expect(remembered).toHaveLength(1);
  expect(remembered.join()).not.toContain('a large text');
});

it('remembers only so many, the newest, in order', () => {
  const trail = new AuditTrail({ encode: ({ key }) => key, keepRecords: 3 });
  trail.record(['a', 'b', 'c', 'd', 'e'].map((key) => refreshOf(key, 1, {})));
  const remembered: string[] = [];
  trail.subscribe({ sinceMs: 0 }, (line) => remembered.push(line));
  expect(remembered).toEqual(['c', 'd', 'e']);
});
