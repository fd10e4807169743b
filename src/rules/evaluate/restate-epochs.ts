import type { EpochInvalidation } from '../../model/invalidation.ts';
import type { BinlogCoordinates, Epochs } from '../../model/position.ts';
import type { CompiledRule } from '../rule-set.ts';
import { epochKey } from './epoch-id.ts';
import type { OriginContext, TableName } from '../../model/row-origin.ts';
import { carriesEpoch } from './table-rules.ts';

export interface RestateOptions {
  readonly rules: readonly CompiledRule[];
  /** As the checkpoint has them. */
  readonly epochs: Epochs;
  /** Where the checkpoint stands: what raised them, it does not tell. */
  readonly coordinates: BinlogCoordinates;
  readonly context: OriginContext;
}

/**
 * The epochs that a checkpoint knows, said once more, each by the first rule whose keys carry it: a cache that lost its data would
 * else have applications build keys with 0, which no invalidation ever meets. Saying it twice does nothing.
 */
export function restateEpochs({ rules, epochs, coordinates, context }: RestateOptions): EpochInvalidation[] {
  const carrying = rules.filter(carriesEpoch);
  return [...epochs].flatMap(([id, version]) => {
    const found = carrierOf(id, carrying);
    if (found === null) return [];
    const key = epochKey(found.name);
    // Its commit would be long ago, which is no delay of ours: the time is that of the start.
    const { captureTimeMs, ruleSet } = context;
    const origin = {
      ...found.name,
      operation: 'truncate',
      ruleSet,
      primaryKey: null,
      gtid: null,
      coordinates,
      commitTimeMs: captureTimeMs,
      captureTimeMs,
    } as const;
    return [{ action: 'epoch', key, partitionKey: key, version, rule: found.rule.name, origin }];
  });
}

/** Both names may have dots of their own: the one that a rule is about is meant. */
export function carrierOf(id: string, rules: readonly CompiledRule[]): { rule: CompiledRule; name: TableName } | null {
  for (let dot = id.indexOf('.'); dot !== -1; dot = id.indexOf('.', dot + 1)) {
    const name = { database: id.slice(0, dot), table: id.slice(dot + 1) };
    const rule = rules.find(({ tables }) => tables.some((pattern) => pattern.matches(name.database, name.table)));
    if (rule !== undefined) return { rule, name };
  }
  return null;
}
