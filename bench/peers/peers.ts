/**
 * Debezium's embedded engine and Canal's parser, each as one Java file beside the pom that names its version. Maven fetches what they
 * need when they take part for the first time. Both do the same work as Sluice does.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../../deploy/local/cache.ts';
import { withProgress } from '../../deploy/local/progress.ts';
import { run } from '../../deploy/local/run.ts';
import type { SqlAddress } from '../../deploy/local/services.ts';
import { startChild, type Child } from '../child.ts';
import type { Coordinates } from '../workload.ts';

export type PeerName = 'canal, one thread' | 'canal, parallel' | 'debezium';

/** The folder of its pom. */
type Project = 'canal' | 'debezium';

export interface PeerWork {
  readonly mysql: Pick<SqlAddress, 'host' | 'port' | 'user' | 'password'>;
  readonly from: Coordinates;
  /** Executed there. */
  readonly gtids: string;
  readonly rows: number;
  readonly table: string;
  /** What is done with each row. Canal has no Kafka producer of its own that could be used without its server. */
  readonly does:
    | { readonly kind: 'count' }
    | { readonly kind: 'unlink'; readonly redisUrl: string }
    | { readonly kind: 'kafka'; readonly brokers: readonly string[]; readonly topic: string };
  /** Whether it goes on when all rows are done, and how long it waits for more of them, in ms. */
  readonly follows?: { readonly pollMs: number };
}

const PROJECTS: Record<Project, { readonly artifact: string; readonly main: string; readonly title: string }> = {
  canal: { artifact: 'canal.parse', main: 'Canal.java', title: "Canal's parser" },
  debezium: { artifact: 'debezium-embedded', main: 'Debezium.java', title: "Debezium's embedded engine" },
};

export const PEERS: Record<PeerName, { readonly project: Project; readonly isParallel: boolean }> = {
  'canal, one thread': { project: 'canal', isParallel: false },
  'canal, parallel': { project: 'canal', isParallel: true },
  debezium: { project: 'debezium', isParallel: true },
};

/** It prints `Drained` and ends, when it has seen all rows. */
export async function startPeer(name: PeerName, work: PeerWork, progress: (line: string) => void): Promise<Child> {
  const { mysql, from, gtids, rows, table, does, follows } = work;
  const { project, isParallel } = PEERS[name];
  const properties: Record<string, string | number | boolean> = {
    host: mysql.host,
    port: mysql.port,
    user: mysql.user,
    password: mysql.password,
    gtids,
    file: from.file,
    offset: from.offset,
    rows,
    table,
    work: does.kind,
    parallel: isParallel,
    ...(does.kind === 'unlink' && { redis: does.redisUrl }),
    ...(does.kind === 'kafka' && { brokers: does.brokers.join(','), topic: does.topic }),
    ...(follows !== undefined && { forever: true, poll: follows.pollMs }),
  };
  const classPath = join(await librariesOf(project, progress), '*');
  const flags = Object.entries(properties).map(([key, value]) => `-D${key}=${value}`);
  return startChild('java', ['-Xmx1g', ...flags, '-cp', classPath, pathOf(project, PROJECTS[project].main)]);
}

/** For the notes below a table. */
export function peerNotes(): string[] {
  return Object.entries(PROJECTS).map(([name, { title }]) => `${name}: ${title} ${versionOf(name as Project)}`);
}

function versionOf(name: Project): string {
  const pom = readFileSync(pathOf(name, 'pom.xml'), 'utf8');
  const found = new RegExp(`<artifactId>${PROJECTS[name].artifact}</artifactId>\\s*<version>([^<]+)<`).exec(pom);
  if (found?.[1] === undefined)
    throw new Error(`bench/peers/${name}/pom.xml names no version of ${PROJECTS[name].artifact}`);
  return found[1];
}

async function librariesOf(name: Project, progress: (line: string) => void): Promise<string> {
  return cached(`bench-${name}-${versionOf(name)}`, async (folder) => {
    // Not the user's own repository, as for Kafka: it may not be writable.
    const repository = join(folder, 'maven');
    const command = ['mvn', '-q', '-B', '-f', pathOf(name, 'pom.xml'), `-Dmaven.repo.local=${repository}`, `-DoutputDirectory=${folder}`, 'dependency:copy-dependencies']; // prettier-ignore
    await withProgress(progress, `${name}: Maven fetches version ${versionOf(name)}`, () => run(command));
    await rm(repository, { recursive: true, force: true });
  });
}

const pathOf = (name: Project, file: string): string => fileURLToPath(new URL(`${name}/${file}`, import.meta.url));
