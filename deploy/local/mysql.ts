/** MySQL 9.7 and MariaDB as native servers: their flags, and the data folder they start from. */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Certificates } from './certificates.ts';
import { isRoot } from './folders.ts';
import { testAccount } from './mysql-accounts.ts';
import { mariadbFlags, mariadbProgram, mariadbTemplate, type MariadbRelease } from './mysql-mariadb.ts';
import { mysqlFlags, mysqlProgram, mysqlTemplate } from './mysql-oracle.ts';
import type { Progress } from './names.ts';
import { run } from './run.ts';
import type { Server } from './server.ts';

export type Flavour = 'mysql' | MariadbRelease;

export interface SqlServerOptions {
  label: string;
  flavour: Flavour;
  /** Added after the common ones, so they win: `--gtid-mode=OFF`. */
  flags: readonly string[];
  /** Use this data folder instead of one below the server's own folder. */
  dataDir?: string;
  /** It lets nobody in without TLS. */
  certificates?: Certificates;
  progress: Progress;
}

/** What both need to be a source of row events, and fast rather than safe: a crash of the machine may lose data. */
const commonFlags = [
  '--bind-address=127.0.0.1',
  // No socket file: nobody uses it, and its path may have only 107 characters, fewer than a checkout's folder may.
  '--socket=',
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--binlog-row-image=FULL',
  '--binlog-row-metadata=FULL',
  '--skip-name-resolve',
  '--sync-binlog=0',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-buffer-pool-size=128M',
  '--max-connections=200',
  '--performance-schema=OFF',
];

export function sqlServer(options: SqlServerOptions): Server {
  const { flavour, progress } = options;
  const { program: programOf, template: templateOf, flags: flagsOf } = flavour === 'mysql' ? MYSQL : mariadb(flavour);
  return {
    label: options.label,
    portCount: 1,
    version: (port) => askSqlVersion(sqlUrl(port), options.certificates),
    prepare: async (folder, [port = 0]) => {
      const program = await programOf(progress);
      const data = options.dataDir ?? join(folder, 'data');
      if (!(await hasData(data))) {
        await copyData(await templateOf(program, progress), data);
      }
      return [
        ...flagsOf(program),
        ...commonFlags,
        ...asRoot,
        `--datadir=${data}`,
        `--pid-file=${join(folder, 'server.pid')}`,
        `--port=${port}`,
        // Any number will do as long as no two servers that meet have the same; the port is such a number.
        `--server-id=${port}`,
        ...tlsFlags(options.certificates),
        ...options.flags,
      ];
    },
  };
}

const MYSQL = { program: mysqlProgram, template: mysqlTemplate, flags: mysqlFlags };

const mariadb = (release: MariadbRelease): typeof MYSQL => ({
  program: (progress) => mariadbProgram(release, progress),
  template: (program, progress) => mariadbTemplate(release, program, progress),
  flags: (program) => mariadbFlags(release, program),
});

function tlsFlags(certificates: Certificates | undefined): string[] {
  if (certificates === undefined) return [];
  const { ca, server } = certificates;
  return ['--require-secure-transport=ON', `--ssl-ca=${ca}`, `--ssl-cert=${server.cert}`, `--ssl-key=${server.key}`];
}

/** Both refuse to run as root unless told so; an unprivileged account might not reach a checkout below /root. */
const asRoot = isRoot ? ['--user=root'] : [];

async function hasData(folder: string): Promise<boolean> {
  return stat(join(folder, 'ibdata1')).then(
    () => true,
    () => false,
  );
}

/** Copying an initialised folder takes a fraction of the seconds that initialising one takes. */
async function copyData(template: string, data: string): Promise<void> {
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await run(['cp', '-a', '--sparse=always', '--reflink=auto', `${template}/.`, unfinished]);
  // MySQL keeps its server UUID here. Copies sharing one would refuse to replicate from each other, and their GTIDs
  // would look like the same server's.
  await rm(join(unfinished, 'auto.cnf'), { force: true });
  await rm(data, { recursive: true, force: true });
  await run(['mv', unfinished, data]);
}

export function sqlUrl(port: number): string {
  return `mysql://${testAccount.user}:${testAccount.password}@127.0.0.1:${port}`;
}

export async function askSqlVersion(url: string, certificates?: Certificates): Promise<string> {
  const ssl = certificates && { ca: await readFile(certificates.ca, 'utf8') };
  const connection = await createConnection({ uri: url, connectTimeout: 5_000, ...(ssl && { ssl }) });
  // Without a listener a connection that breaks while we close it would be an uncaught 'error' event.
  connection.on('error', () => undefined);
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    return String(rows[0]?.['version']);
  } finally {
    connection.destroy();
  }
}
