/** Stock zongji with a handler that only counts. Started by drain.ts. */
import ZongJi from '@vlasky/zongji';
import { SecondHalf } from './second-half.ts';
import { serverId, settings } from './settings.ts';

const progress = new SecondHalf(settings.rows);
const zongji = new ZongJi(settings.mysql);
let rows = 0;
zongji.on('binlog', (event: unknown) => {
  const count = (event as { rows?: readonly unknown[] }).rows?.length;
  if (count !== undefined) progress.at((rows += count));
});
zongji.on('error', (error: unknown) => {
  console.error(error);
  process.exit(1);
});
zongji.start({
  serverId,
  filename: settings.from.file,
  position: settings.from.offset,
  includeEvents: ['tablemap', 'writerows', 'updaterows', 'deleterows'],
  includeSchema: { [settings.database]: true },
});
