/**
 * Runs `work` for every item, at most `limit` at once. When one fails no further one is begun, those under way are
 * waited for, and the first failure is thrown: nothing goes on behind the caller's back.
 */
export async function concurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
}
