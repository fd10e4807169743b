/** MariaDB: from the Debian the machine runs (10.11 on Debian 12), or 11.8 from Debian 13. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { debianProgram, type Program } from './debian.ts';
import { isRoot } from './folders.ts';
import { accounts } from './mysql-accounts.ts';
import type { Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

export type MariadbRelease = 'mariadb' | 'mariadb-11.8';

interface Layout {
  readonly suite?: string;
  /** Below `usr/share`. */
  readonly share: string;
  /** What the names of the scripts begin with. */
  readonly scripts: string;
}

const LAYOUTS: Record<MariadbRelease, Layout> = {
  mariadb: { share: 'mysql', scripts: 'mysql' },
  'mariadb-11.8': { suite: 'trixie', share: 'mariadb', scripts: 'mariadb' },
};

export function mariadbProgram(release: MariadbRelease, progress: Progress): Promise<Program> {
  const { suite } = LAYOUTS[release];
  return debianProgram(
    { name: release, packages: ['mariadb-server-core'], ...(suite === undefined ? {} : { suite }) },
    progress,
  );
}

export function mariadbFlags(release: MariadbRelease, program: Program): string[] {
  return [
    ...program.command('usr/sbin/mariadbd'),
    '--no-defaults',
    `--basedir=${join(program.folder, 'usr')}`,
    `--lc-messages-dir=${join(program.folder, 'usr/share', LAYOUTS[release].share)}`,
    `--plugin-dir=${join(program.folder, 'usr/lib/mysql/plugin')}`,
    '--innodb-log-file-size=64M',
  ];
}

/** In the order of `mariadb-install-db`, which itself cannot be used: it runs helpers by their installed paths. */
const systemTables = (prefix: string): string[] => [
  `${prefix}_system_tables.sql`,
  `${prefix}_performance_tables.sql`,
  `${prefix}_system_tables_data.sql`,
  'fill_help_tables.sql',
  'maria_add_gis_sp_bootstrap.sql',
  `${prefix}_sys_schema.sql`,
];

/** An initialised data folder to copy. */
export function mariadbTemplate(release: MariadbRelease, program: Program, progress: Progress): Promise<string> {
  const { share, scripts } = LAYOUTS[release];
  // The version may hold a colon (Debian's epoch), which a list of folders such as a library path would split at.
  return cached(`mariadb-data-${program.version.replace(/[^\w.+~-]/g, '-')}`, (folder) =>
    withProgress(progress, 'mariadb: initialising a data folder', async () => {
      await mkdir(join(folder, 'mysql'));
      await run(
        [
          ...mariadbFlags(release, program),
          ...(isRoot ? ['--user=root'] : []),
          '--bootstrap',
          '--enforce-storage-engine=',
          '--max-allowed-packet=8M',
          '--innodb-log-file-size=8M',
          `--datadir=${folder}`,
        ],
        { input: await bootstrapStatements(join(program.folder, 'usr/share', share), scripts) },
      );
    }),
  );
}

const accountsOnly = [
  // The scripts make a root for 127.0.0.1 without a password, and the more exact host wins over our root for '%'.
  "DELETE FROM mysql.global_priv WHERE User IN ('', 'root');",
  // The privilege tables have just been created; account statements are refused until they are read.
  'FLUSH PRIVILEGES;',
];

/** Bootstrap reads one statement a line, or up to a line that ends one; two on a line are a syntax error. */
async function bootstrapStatements(share: string, prefix: string): Promise<string> {
  const scripts = await Promise.all(systemTables(prefix).map((name) => readFile(join(share, name), 'utf8')));
  const before = ['CREATE DATABASE IF NOT EXISTS mysql;', 'USE mysql;', 'SET @auth_root_socket = NULL;'];
  return [...before, ...scripts, ...accountsOnly, ...accounts, ''].join('\n');
}
