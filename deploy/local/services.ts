/** Real servers for tests, the demo and the bench: the public module of this folder. */
import { debianProgram } from './debian.ts';
import { kafkaServer } from './kafka.ts';
import { sqlServer, sqlUrl, type Flavour } from './mysql.ts';
import type { Progress } from './names.ts';
import { redisServer, redisUrl } from './redis.ts';
import { startThrowaway, type Throwaway } from './throwaway.ts';

export { replicaAccount, testAccount } from './mysql-accounts.ts';
export { ensureServices, readAddresses, stopServices } from './shared.ts';
export { ServiceUnavailable, SERVICE_NAMES } from './names.ts';
export type * from './names.ts';
export type { Throwaway } from './throwaway.ts';

const silent: Progress = () => undefined;

export interface ThrowawayMysql extends Throwaway {
  readonly url: string;
  readonly host: string;
}

/** `flags` win over the usual ones (GTID on, full row images and metadata): `['--gtid-mode=OFF']`. */
export async function startMysql(
  options: {
    flags?: readonly string[];
    flavour?: Flavour;
    dataDir?: string;
    port?: number;
    onProgress?: Progress;
  } = {},
): Promise<ThrowawayMysql> {
  const { flags = [], flavour = 'mysql', dataDir, port, onProgress: progress = silent } = options;
  const more = dataDir === undefined ? {} : { dataDir };
  const server = sqlServer({ label: `a throwaway ${flavour}`, flavour, flags, progress, ...more });
  const started = await startThrowaway(server, port);
  return withFields(started, { url: sqlUrl(started.port), host: '127.0.0.1' });
}

export interface ThrowawayRedis extends Throwaway {
  readonly url: string;
  readonly host: string;
}

/** `flags` are for the command line; `config` are lines for the configuration file (`sentinel monitor …`). */
export async function startRedis(
  options: { flags?: readonly string[]; config?: readonly string[]; port?: number; onProgress?: Progress } = {},
): Promise<ThrowawayRedis> {
  const { flags = [], config = [], port, onProgress: progress = silent } = options;
  const started = await startThrowaway(redisServer({ label: 'a throwaway redis', flags, config, progress }), port);
  return withFields(started, { url: redisUrl(started.port), host: '127.0.0.1' });
}

export interface ThrowawayKafka extends Throwaway {
  readonly brokers: string[];
}

export async function startKafka(
  options: { properties?: Readonly<Record<string, string>>; onProgress?: Progress } = {},
): Promise<ThrowawayKafka> {
  const { properties = {}, onProgress: progress = silent } = options;
  const started = await startThrowaway(kafkaServer({ label: 'a throwaway kafka', properties, progress }));
  return withFields(started, { brokers: [`127.0.0.1:${started.port}`] });
}

/** The command that runs kcat; append its arguments. */
export async function kcatCommand(onProgress: Progress = silent): Promise<string[]> {
  const program = await debianProgram({ name: 'kcat', packages: ['kcat'] }, onProgress);
  return program.command('usr/bin/kcat');
}

/** Not a spread: that would copy the value of the getter `pid`, which changes with every start. */
function withFields<Fields extends object>(started: Throwaway, fields: Fields): Throwaway & Fields {
  return Object.assign(started, fields);
}
