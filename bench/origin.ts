import type { ChangeOrigin } from '../src/model/invalidation.ts';

/** As a single-row update of a source with GTIDs has it. */
export function originOf(id: number): ChangeOrigin {
  return {
    database: 'shop',
    table: 'products',
    operation: 'update',
    ruleSet: 'abcdef012345',
    primaryKey: { id },
    gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${id + 1}`,
    coordinates: { file: 'binlog.000001', offset: 157 + 400 * id },
    commitTimeMs: 1_790_000_000_000.123 + id,
    captureTimeMs: 1_790_000_000_010 + id,
  };
}
