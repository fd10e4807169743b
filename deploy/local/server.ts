/** A server program of this machine: how to get its command line, start it and know that it answers. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessId } from './process-id.ts';
import { tail } from './run.ts';

export interface Server {
  label: string;
  /** How many ports it listens on; the first is the one clients use. */
  portCount: number;
  /** Makes `folder` ready (again: it may hold data of an earlier run) and returns the command line. */
  prepare(folder: string, ports: readonly number[]): Promise<string[]>;
  /** Asks for the version over the network; rejects as long as the server does not answer. */
  version(port: number): Promise<string>;
}

export interface StartOptions {
  server: Server;
  folder: string;
  ports: readonly number[];
  log: string;
  /** True: it goes on when this process ends. False: it ends with it, even if this process is killed. */
  outlivesUs: boolean;
}

const startTimeoutMs = 90_000;

/** Starts the server and resolves when it answers; on failure the error ends with the last lines of its log. */
export async function startServer(options: StartOptions): Promise<ProcessId> {
  const { server, log, outlivesUs } = options;
  const command = await server.prepare(options.folder, options.ports);
  // The kernel itself keeps the promise to end with us: no handler of ours runs when a test process gets SIGKILL.
  const [file = '', ...args] = outlivesUs ? command : ['setpriv', '--pdeathsig', 'KILL', ...command];
  const output = openSync(log, 'a');
  const child = spawn(file, args, { detached: outlivesUs, stdio: ['ignore', output, output], cwd: options.folder });
  closeSync(output);
  child.unref();
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure = `ended with ${signal ?? `exit code ${code}`}`));
  const until = Date.now() + startTimeoutMs;
  while (Date.now() < until && failure === undefined) {
    const answers = await server.version(options.ports[0] ?? 0).then(
      () => true,
      () => false,
    );
    if (answers && child.pid !== undefined) return identify(child.pid);
    await delay(50);
  }
  child.kill('SIGKILL');
  const lines = tail(await readFile(log, 'utf8').catch(() => ''), 20);
  throw new Error(
    `${server.label} ${failure ?? `does not answer after ${startTimeoutMs / 1000} s`}; its log ends:\n${lines}`,
  );
}

const stopTimeoutMs = 15_000;

/** SIGTERM, and SIGKILL if it does not end in time. Resolves when the process is gone. */
export async function stopProcess(id: ProcessId): Promise<void> {
  if (!isAlive(id)) return;
  process.kill(id.pid, 'SIGTERM');
  if (await goneWithin(id, stopTimeoutMs)) return;
  process.kill(id.pid, 'SIGKILL');
  await goneWithin(id, stopTimeoutMs);
}

export async function goneWithin(id: ProcessId, timeoutMs: number): Promise<boolean> {
  for (const until = Date.now() + timeoutMs; Date.now() < until; await delay(20)) {
    if (!isAlive(id)) return true;
  }
  return false;
}
