import type { Primary } from '../world/primary.ts';

/** From now on: call what it gives to learn how many transactions a second the source has committed since, whoever's. */
export async function measurePace(primary: Primary): Promise<() => Promise<number>> {
  const [before, beganMs] = [await committed(primary), performance.now()];
  return async () => {
    const seconds = (performance.now() - beganMs) / 1000;
    return Math.round(((await committed(primary)) - before) / seconds);
  };
}

async function committed(primary: Primary): Promise<number> {
  const [row] = await primary.rows('SELECT @@GLOBAL.gtid_executed AS gtids');
  return countGtids(String(row?.['gtids']));
}

/** Of `uuid:1-5:7,uuid:1-3:tag:1-2`, line ends anywhere. */
export function countGtids(set: string): number {
  const intervals = set.split(/[,:\s]+/).flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    return first === undefined ? [] : [Number(last) - Number(first) + 1];
  });
  return intervals.reduce((sum, size) => sum + size, 0);
}
