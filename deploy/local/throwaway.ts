/**
 * Servers for a single test: their own temporary folder, their own ports, and they end with the process that started
 * them, however that ends. Always native, even where Docker is: a test that kills a server wants its process id.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { isAlive, type ProcessId } from './process-id.ts';
import { goneWithin, startServer, stopProcess, type Server } from './server.ts';

export interface Throwaway {
  readonly port: number;
  /** All it listens on; `port` is the first. */
  readonly ports: readonly number[];
  /** Changes with every start. */
  readonly pid: number;
  /** Where its data and its `log` are. */
  readonly folder: string;
  /** Stops it in order. The data stay, and `restart` brings it back. */
  stop(): Promise<void>;
  /** Sends a signal; after SIGKILL it resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it in order if it still runs, and starts it on the same port with the same data. */
  restart(): Promise<void>;
  /** Stops it and removes its folder. Happens by itself, at the latest, when this process ends. */
  remove(): Promise<void>;
}

export async function startThrowaway(server: Server, givenPort?: number): Promise<Throwaway> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  let id: ProcessId | undefined;
  const removeNow = (): void => {
    if (id && isAlive(id)) process.kill(id.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  leftovers.add(removeNow);
  const ports = await Promise.all(Array.from({ length: server.portCount }, () => freePort()));
  if (givenPort !== undefined) ports[0] = givenPort;
  const stop = async (): Promise<void> => {
    if (id) await stopProcess(id);
  };
  const start = async (): Promise<void> => {
    id = await startServer({ server, folder, ports, log: join(folder, 'log'), outlivesUs: false });
  };
  // Its data goes anyway, so there is nothing to shut down in order: mysqld would wait for its connections.
  const remove = async (): Promise<void> => {
    if (id && isAlive(id)) {
      process.kill(id.pid, 'SIGKILL');
      await goneWithin(id, 10_000);
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    leftovers.delete(removeNow);
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    folder,
    ports,
    port: ports[0] ?? 0,
    get pid() {
      return id?.pid ?? 0;
    },
    stop,
    remove,
    restart: async () => {
      await stop();
      await start();
    },
    kill: async (signal) => {
      if (!id || !isAlive(id)) return;
      process.kill(id.pid, signal);
      if (signal === 'SIGKILL') await goneWithin(id, 10_000);
    },
  };
}

/** One listener for all of them: Node warns of a leak when there are more than ten. */
const leftovers = new Set<() => void>();
process.once('exit', () => {
  for (const remove of leftovers) remove();
});
