/**
 * Before delays are measured: so many transactions or records, at so many a second, whatever the rate that is measured. What is compiled
 * while it runs needs work, not time; at 200 a second it would be half cold for a minute.
 */
export const WARM_UP = { count: 10_000, perSecond: 2_000 };
