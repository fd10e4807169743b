/** What a letter may still do, however late it comes: nothing that only its version kept from bringing something old back. */
import { planOf, type Invalidation, type RefreshInvalidation, type RefreshPlans } from '../model/invalidation.ts';

export interface LateOptions {
  /** Of refreshes that go through the topic once more; null: they are applied beside a daemon, past its flushes. */
  readonly plans: RefreshPlans | null;
  readonly nowMs: number;
  /** How long Redis knows which version was applied to a key last. */
  readonly versionTtlMs: number;
}

/**
 * Letters are kept for ever, versions are not, and a flush leaves none where none stood. So no replay stores the row of
 * then: its key is deleted, and whoever reads it next fills it. What a query reads is of today, but only where flushes wait
 * for it: what was read before a TRUNCATE and stored after its flush would stay. An epoch can only be raised while the version
 * of a newer one is certain to be there. Returns the reason where nothing may be done.
 */
export function afterTheFact(
  invalidations: readonly Invalidation[],
  { plans, nowMs, versionTtlMs }: LateOptions,
): readonly Invalidation[] | string {
  const oldest = nowMs - versionTtlMs;
  if (invalidations.some(({ action, origin }) => action === 'epoch' && origin.commitTimeMs < oldest))
    return 'the epoch is older than apply.version_ttl, and raising it now might put it back: the next change of the table raises it, or flush the keys of the rule';
  return invalidations.map((invalidation) => {
    if (invalidation.action !== 'refresh') return invalidation;
    const plan = plans === null ? undefined : planOf(plans, invalidation);
    return plan?.from.kind === 'query' ? invalidation : deleteOf(invalidation);
  });
}

/** Leaves its version, so that nothing older is stored afterwards. */
export function deleteOf({ key, partitionKey, version, rule, origin }: RefreshInvalidation): Invalidation {
  return { action: 'delete', key, partitionKey, version, rule, origin, versioned: true, againAfterMs: null };
}
