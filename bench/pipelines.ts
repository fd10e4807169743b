import { startScript } from './child.ts';
import { Daemons } from './daemons.ts';
import { TABLE, DATABASE, type Coordinates, type Workload } from './workload.ts';

/** A process that deletes `row:{id}` when row id changes, beginning at the given coordinates. */
export interface RunningPipeline {
  /** Resolves when it streams. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export type PipelineName = 'naive' | 'sluice' | 'sluice, Kafka';

export function startPipeline(
  name: PipelineName,
  workload: Workload,
  from: Coordinates,
  brokers: readonly string[] = [],
): RunningPipeline {
  switch (name) {
    case 'naive':
      return startNaive(workload, from);
    case 'sluice':
      return startSluice(workload, from, null);
    case 'sluice, Kafka':
      return startSluice(workload, from, brokers);
  }
}

function startNaive(workload: Workload, from: Coordinates): RunningPipeline {
  const { host, port, user, password } = workload.mysql;
  const settings = { mysql: { host, port, user, password }, redisUrl: workload.redisUrl, database: DATABASE, ...from };
  const child = startScript('naive.ts', settings);
  return { ready: () => child.said('ready'), stop: () => child.stop() };
}

function startSluice(workload: Workload, from: Coordinates, brokers: readonly string[] | null): RunningPipeline {
  const { mysql, redisUrl } = workload;
  const rules = [{ name: 'row', table: TABLE, keys: ['row:{id}'], action: 'delete' }];
  const daemons = new Daemons({ mysqlUrl: mysql.url, redisUrl, from, rules, ...(brokers !== null && { brokers }) });
  if (brokers === null) daemons.start('run');
  else for (const command of ['apply', 'capture'] as const) daemons.start(command);
  return { ready: () => daemons.ready(), stop: () => daemons.stop() };
}
