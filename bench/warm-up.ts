/**
 * What comes before delays are measured: so many transactions or records, at so many a second. What is compiled while it runs needs
 * work, not time: at 200 a second it would be half cold for a minute; and a JVM needs ten seconds.
 */
export const warmUpFor = (perSecond: number): { readonly count: number; readonly perSecond: number } => ({
  count: Math.max(10_000, 10 * perSecond),
  perSecond: Math.max(2_000, perSecond),
});
