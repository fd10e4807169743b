import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceProcess } from '../deploy/local/sluice-process.ts';
import { TABLE, DATABASE, type Coordinates, type Workload } from './workload.ts';

/** A process that deletes `row:{id}` when row id changes, beginning at the given coordinates. */
export interface RunningPipeline {
  /** Resolves when it streams. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export type PipelineName = 'naive' | 'sluice';

export function startPipeline(name: PipelineName, workload: Workload, from: Coordinates): RunningPipeline {
  return name === 'naive' ? startNaive(workload, from) : startSluice(workload, from);
}

function startNaive(workload: Workload, from: Coordinates): RunningPipeline {
  const { host, port, user, password } = workload.mysql;
  const settings = { mysql: { host, port, user, password }, redisUrl: workload.redisUrl, database: DATABASE, ...from };
  const script = fileURLToPath(new URL('naive.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let log = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('ready')) resolve();
    });
    child.once('close', () => reject(new Error(`the naive pipeline ended: ${log}`)));
  });
  return {
    ready: () => ready,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function startSluice(workload: Workload, from: Coordinates): RunningPipeline {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const rules = { rules: [{ name: 'row', table: TABLE, keys: ['row:{id}'], action: 'delete' }] };
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(rules));
  const config = {
    name: 'bench',
    rules: 'rules.yaml',
    source: { url: workload.mysql.url, start: { file: from.file, offset: from.offset } },
    targets: [{ name: 'main', url: workload.redisUrl }],
    admin: { port: 0 },
    log: { level: 'info' },
  };
  writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify(config));
  const daemon = new SluiceProcess({ args: ['run', '--config', join(folder, 'sluice.yaml')] });
  return {
    ready: () => daemon.ready(),
    stop: async () => {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
