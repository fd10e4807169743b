import { ensureServices } from '../deploy/local/services.ts';
import { delayAtRate } from './delay.ts';
import { Workload } from './workload.ts';
const w = await Workload.create(await ensureServices(['mysql','redis'], console.error));
await w.insertRows(60000);
for (let i=0;i<5;i++) for (const n of ['naive','sluice'] as const) console.log(n, JSON.stringify(await delayAtRate(n, w, {perSecond: 1000, seconds: 5})));
await w.close();
