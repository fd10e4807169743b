/** The services of this checkout, shared by everything that runs in it: find them, start the missing, stop ours. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addressOf } from './address.ts';
import { dockerAnswers, runningContainer, startContainer, stopContainer } from './docker.ts';
import { givenAddress, givenText, variableOf } from './environment.ts';
import { stateFolder } from './folders.ts';
import { withLock } from './lock.ts';
import { runningNative, startNative, stopNative } from './native.ts';
import {
  SERVICE_NAMES,
  ServiceUnavailable,
  type Address,
  type Addresses,
  type Progress,
  type ServiceName,
} from './names.ts';

const addressFile = join(stateFolder, 'addresses.json');

/**
 * Starts the services that are missing and returns the addresses of all that were asked for. Services already
 * running are only asked whether they answer. Rejects with `ServiceUnavailable` when one cannot be had here.
 */
export async function ensureServices<Name extends ServiceName>(
  names: readonly Name[],
  onProgress: Progress = () => undefined,
): Promise<Pick<Addresses, Name>> {
  // Two test runs may start at once; the second must find what the first has started.
  return withLock(join(stateFolder, 'lock'), async () => {
    const results = await Promise.allSettled(
      names.map(async (name) => [name, await ensure(name, onProgress)] as const),
    );
    const found = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await remember(Object.fromEntries(found));
    const failures = results.flatMap((result, index) =>
      result.status === 'rejected' ? [explain(names[index] ?? 'mysql', result.reason)] : [],
    );
    if (failures.length > 0) throw new ServiceUnavailable(failures.join('\n'));
    return Object.fromEntries(found) as Pick<Addresses, Name>;
  });
}

async function ensure(name: ServiceName, progress: Progress): Promise<Address> {
  const given = givenText(name);
  if (given !== undefined) return givenAddress(name, given);
  const running = await runningNative(name);
  if (running) return running;
  if (await dockerAnswers()) return (await runningContainer(name)) ?? startContainer(name, progress);
  return startNative(name, progress);
}

/** The address of a service that runs, or nothing; starts nothing. */
export async function findService(name: ServiceName): Promise<Address | undefined> {
  const given = givenText(name);
  if (given !== undefined) return givenAddress(name, given);
  return (await runningNative(name)) ?? ((await dockerAnswers()) ? runningContainer(name) : undefined);
}

/** Stops the services that `ensureServices` started, and no others; returns the names of those that were running. */
export async function stopServices(names: readonly ServiceName[] = SERVICE_NAMES): Promise<ServiceName[]> {
  return withLock(join(stateFolder, 'lock'), async () => {
    const docker = await dockerAnswers();
    const stopped = await Promise.all(
      names.map(async (name) => (await stopNative(name)) || (docker && (await stopContainer(name)))),
    );
    await remember(Object.fromEntries(names.map((name) => [name, undefined])));
    return names.filter((_, index) => stopped[index]);
  });
}

/** What was last started, without asking whether it still answers; the environment comes first here too. */
export async function readAddresses(): Promise<Partial<Addresses>> {
  const remembered = await readFile(addressFile, 'utf8').catch(() => '{}');
  const given = SERVICE_NAMES.flatMap((name) => {
    const text = givenText(name);
    return text === undefined ? [] : [[name, addressOf(name, text, 'unknown', 'environment')] as const];
  });
  return { ...(JSON.parse(remembered) as Partial<Addresses>), ...Object.fromEntries(given) };
}

/** Addresses from the environment are not kept: the file would go on naming them when the variable is gone. */
async function remember(changes: Record<string, Address | undefined>): Promise<void> {
  const before: unknown = JSON.parse(await readFile(addressFile, 'utf8').catch(() => '{}'));
  const own = Object.entries(changes).filter(([, address]) => address?.how !== 'environment');
  await mkdir(stateFolder, { recursive: true });
  await writeFile(addressFile, `${JSON.stringify({ ...Object(before), ...Object.fromEntries(own) }, null, 2)}\n`);
}

/** Only what is missing has a remedy; a server that fails to start has said why in its own words. */
function explain(name: ServiceName, reason: unknown): string {
  const why = `${name}: ${reason instanceof Error ? reason.message : String(reason)}`;
  if (!(reason instanceof ServiceUnavailable) || givenText(name) !== undefined) return why;
  const native = name === 'kafka' ? 'install Java and Maven (default-jre-headless, maven)' : 'use a Debian machine';
  return `${why}\n  To have it: set ${variableOf[name]}, or start Docker, or ${native}.`;
}
