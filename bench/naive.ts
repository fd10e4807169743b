/**
 * The baseline: what one would write in an afternoon. A zongji handler that pipelines UNLINKs, no positions, no versions,
 * no back-pressure, no recovery. Started by bench.ts with its settings as JSON in the first argument.
 */
import ZongJi from '@vlasky/zongji';
import { Redis } from 'ioredis';

const settings = JSON.parse(process.argv[2] ?? '{}') as {
  mysql: { host: string; port: number; user: string; password: string };
  redisUrl: string;
  database: string;
  file: string;
  offset: number;
};

const redis = new Redis(settings.redisUrl);
const zongji = new ZongJi(settings.mysql);
let pipeline = redis.pipeline();
let scheduled = false;

function flush(): void {
  scheduled = false;
  void pipeline.exec();
  pipeline = redis.pipeline();
}

interface RowsEvent {
  getTypeName(): string;
  rows: { id?: number; before?: { id: number } }[];
}

zongji.on('binlog', (event: unknown) => {
  const { rows } = event as RowsEvent;
  if (rows === undefined) return;
  for (const row of rows) pipeline.unlink(`row:${row.before?.id ?? row.id}`);
  if (!scheduled) {
    scheduled = true;
    setImmediate(flush);
  }
});
zongji.on('ready', () => process.stderr.write('ready\n'));
zongji.on('error', (error: unknown) => {
  console.error(error);
  process.exit(1);
});
zongji.start({
  serverId: 4_000_000 + (process.pid % 100_000),
  filename: settings.file,
  position: settings.offset,
  includeEvents: ['tablemap', 'writerows', 'updaterows', 'deleterows'],
  includeSchema: { [settings.database]: true },
});
