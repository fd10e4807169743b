/** The services of this checkout as native servers that go on until `services:down`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addressOf, localText } from './address.ts';
import { stateFolder } from './folders.ts';
import { kafkaServer } from './kafka.ts';
import { sqlServer } from './mysql.ts';
import type { Address, Progress, ServiceName } from './names.ts';
import { freePort, isFree } from './ports.ts';
import { isAlive, type ProcessId } from './process-id.ts';
import { redisServer } from './redis.ts';
import { startServer, stopProcess, type Server } from './server.ts';

const gtidOff = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];

const servers: Record<ServiceName, (label: string, progress: Progress) => Server> = {
  mysql: (label, progress) => sqlServer({ label, flavour: 'mysql', flags: [], progress }),
  mysqlNoGtid: (label, progress) => sqlServer({ label, flavour: 'mysql', flags: gtidOff, progress }),
  mariadb: (label, progress) => sqlServer({ label, flavour: 'mariadb', flags: [], progress }),
  redis: (label, progress) => redisServer({ label, flags: [], config: [], progress }),
  kafka: (label, progress) => kafkaServer({ label, properties: {}, progress }),
};

const ignore: Progress = () => undefined;

export async function startNative(name: ServiceName, progress: Progress): Promise<Address> {
  const folder = join(stateFolder, name);
  const server = servers[name](name, progress);
  await mkdir(folder, { recursive: true });
  await stopNative(name);
  const ports = await portsFor(folder, server.portCount);
  const log = join(folder, 'log');
  const id = await startServer({ server, folder, ports, log, outlivesUs: true });
  await writeFile(join(folder, 'pid'), JSON.stringify(id));
  const port = ports[0] ?? 0;
  const version = await server.version(port);
  progress(`${name}: ${version} answers on port ${port}`);
  return addressOf(name, localText(name, port), version, 'native');
}

/** The address if the process we started is alive and its server answers. */
export async function runningNative(name: ServiceName): Promise<Address | undefined> {
  const folder = join(stateFolder, name);
  const id = await readJson<ProcessId>(join(folder, 'pid'));
  const port = (await readJson<number[]>(join(folder, 'ports')))?.[0];
  if (!id || port === undefined || !isAlive(id)) return undefined;
  const version = await servers[name](name, ignore)
    .version(port)
    .catch(() => undefined);
  return version === undefined ? undefined : addressOf(name, localText(name, port), version, 'native');
}

/** True if there was a process of ours to stop. */
export async function stopNative(name: ServiceName): Promise<boolean> {
  const file = join(stateFolder, name, 'pid');
  const id = await readJson<ProcessId>(file);
  const running = id !== undefined && isAlive(id);
  if (running) await stopProcess(id);
  await rm(file, { force: true });
  return running;
}

/** The same ports as last time, so that addresses people have noted stay good, unless somebody else has them now. */
async function portsFor(folder: string, count: number): Promise<number[]> {
  const file = join(folder, 'ports');
  const ports = (await readJson<number[]>(file)) ?? [];
  for (let index = 0; index < count; index++) {
    const before = ports[index];
    if (before === undefined || !(await isFree(before))) ports[index] = await freePort();
  }
  await writeFile(file, JSON.stringify(ports));
  return ports;
}

/** Files that only this folder writes; one that is missing or damaged counts as absent. */
async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
