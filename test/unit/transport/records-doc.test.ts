import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/model/row-change.ts';
import { decodeRecord } from '../../../src/transport/record-decoder.ts';
import { encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { deleteOf, epochOf, flushOf, refreshOf } from '../../support/invalidations.ts';

interface Change {
  readonly before: Readonly<Record<string, JsonValue>> | null;
  readonly after: Readonly<Record<string, JsonValue>> | null;
}

const doc = readFileSync(new URL('../../../docs/records.md', import.meta.url), 'utf8');
const examples = [...doc.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text);

describe('docs/records.md', () => {
  it.each([0, 1, 2, 3])('shows records that can be read and are written like that (example %d)', (index) => {
    const example = JSON.parse(examples[index] ?? '') as { key: string; partition_key?: string };
    const item = decodeRecord(
      { key: Buffer.from(example.partition_key ?? example.key), value: Buffer.from(JSON.stringify(example)) },
      'docs',
    );
    expect(item).toMatchObject({ kind: 'invalidation' });
    if (item.kind === 'invalidation') expect(encodeRecord(item.invalidation)).toBe(JSON.stringify(example));
  });

  it('shows a dead letter as it is written', () => {
    const example = JSON.parse(examples[4] ?? '') as { reason: string; place: string; raw: string; kept_at: string };
    const { reason, place, raw } = example;
    const letter = { reason, target: null, item: { kind: 'unreadable', raw, reason, place } } as const;
    expect(encodeDeadLetter(letter, Date.parse(example.kept_at))).toBe(JSON.stringify(example));
  });

  it('shows a row that no rule could be applied to as it is written', () => {
    const example = JSON.parse(examples[5] ?? '') as { reason: string; place: string; kept_at: string; change: Change };
    const { change, reason, place } = example;
    const record = { v: 1, key: 'a', action: 'delete', ...change, before: undefined, after: undefined };
    const read = decodeRecord({ key: Buffer.from('a'), value: Buffer.from(JSON.stringify(record)) }, 'docs');
    if (read.kind !== 'invalidation') throw new Error(read.reason);
    const { rule, version, origin } = read.invalidation;
    const { before, after } = change;
    const item = { kind: 'unmapped', rule, version, origin, place, before, after } as const;
    expect(encodeDeadLetter({ reason, target: null, item }, Date.parse(example.kept_at))).toBe(JSON.stringify(example));
  });

  it('describes every field that is written, and no other', () => {
    const described = [...doc.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    );
    const all = [
      deleteOf('a', 1, { versioned: true, againAfterMs: 1_000 }),
      refreshOf('a', 1, { id: 1 }, { partitionKey: 'b' }),
      flushOf('a:*', 1),
      epochOf('shop.products', 1),
    ].flatMap((invalidation) => Object.keys(JSON.parse(encodeRecord(invalidation)) as object));
    const letters = ['reason', 'target', 'place', 'kept_at', 'record', 'raw', 'truncated', 'change', 'before', 'after'];
    expect(new Set(described)).toEqual(new Set([...all, ...letters]));
  });
});
