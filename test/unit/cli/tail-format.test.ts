import { describe, expect, it } from 'vitest';
import { formatInvalidation, printable } from '../../../src/cli/tail-format.ts';
import { ORIGIN, TRUNCATE, deleteOf, epochOf, flushOf } from '../../support/invalidations.ts';

const invalidation = deleteOf('product:17', 1, {
  origin: {
    ...ORIGIN,
    primaryKey: { id: 17 },
    coordinates: { file: 'binlog.000001', offset: 4 },
    captureTimeMs: Date.UTC(2026, 0, 31, 12, 0, 1, 5),
  },
});

describe('a line of tail', () => {
  it('tells the date and the zone with the time', () => {
    expect(formatInvalidation(invalidation)).toBe(
      '2026-01-31T12:00:01.005Z  delete   product:17  rule product  update shop.products id=17  transaction binlog.000001:4',
    );
  });

  it('names the table where no row did it, and why a flush came', () => {
    const at = { captureTimeMs: Date.UTC(2026, 0, 31, 12, 0, 1, 5) };
    const origin = { ...TRUNCATE, ...at };
    expect(formatInvalidation(flushOf('product:*', 7, { origin }))).toBe(
      '2026-01-31T12:00:01.005Z  flush    product:*  rule card  truncate shop.products  transaction binlog.000001:157',
    );
    const rows = { origin: { ...ORIGIN, ...at, primaryKey: null }, reason: 'large_transaction' } as const;
    expect(formatInvalidation(flushOf('product:*', 7, rows))).toBe(
      '2026-01-31T12:00:01.005Z  flush    product:*  rule card  update shop.products (large transaction)  transaction binlog.000001:157',
    );
    expect(formatInvalidation(epochOf('shop.products', 7, { origin }))).toBe(
      '2026-01-31T12:00:01.005Z  epoch    sluice:epoch:shop.products = 7  rule product  truncate shop.products  transaction binlog.000001:157',
    );
    expect(formatInvalidation(deleteOf('products:all', 7, { origin }))).toContain(
      'truncate shop.products  transaction',
    );
  });

  it('stays one line, and commands no terminal, whatever a key or a primary key holds', () => {
    const hostile = 'a\n2026\u001b[2J\u0007\r\u009b1m\u2028\u202e';
    const line = formatInvalidation({
      ...invalidation,
      key: hostile,
      origin: { ...invalidation.origin, primaryKey: { [hostile]: hostile }, table: hostile },
    });
    expect(line).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(line).toContain('a\\x0a2026\\x1b[2J\\x07\\x0d\\x9b1m\\u2028\\u202e');
  });

  it('leaves letters, symbols and emoji as they are', () => {
    expect(printable('größe:日本:👩‍👧 "\\')).toBe('größe:日本:👩‍👧 "\\');
  });
});
