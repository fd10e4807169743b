/** MariaDB, from the Debian the machine runs (10.11 on Debian 12). */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { debianProgram, type Program } from './debian.ts';
import { isRoot } from './folders.ts';
import { accounts } from './mysql-accounts.ts';
import type { Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

export function mariadbProgram(progress: Progress): Promise<Program> {
  return debianProgram({ name: 'mariadb', packages: ['mariadb-server-core'] }, progress);
}

export function mariadbFlags(program: Program): string[] {
  return [
    ...program.command('usr/sbin/mariadbd'),
    '--no-defaults',
    `--basedir=${join(program.folder, 'usr')}`,
    `--lc-messages-dir=${join(program.folder, 'usr/share/mysql')}`,
    `--plugin-dir=${join(program.folder, 'usr/lib/mysql/plugin')}`,
    '--innodb-log-file-size=64M',
  ];
}

/** In the order of `mariadb-install-db`, which itself cannot be used: it runs helpers by their installed paths. */
const systemTables = [
  'mysql_system_tables.sql',
  'mysql_performance_tables.sql',
  'mysql_system_tables_data.sql',
  'fill_help_tables.sql',
  'maria_add_gis_sp_bootstrap.sql',
  'mysql_sys_schema.sql',
];

/** An initialised data folder to copy. */
export function mariadbTemplate(program: Program, progress: Progress): Promise<string> {
  // The version may hold a colon (Debian's epoch), which a list of folders such as a library path would split at.
  return cached(`mariadb-data-${program.version.replace(/[^\w.+~-]/g, '-')}`, (folder) =>
    withProgress(progress, 'mariadb: initialising a data folder', async () => {
      await mkdir(join(folder, 'mysql'));
      await run(
        [
          ...mariadbFlags(program),
          ...(isRoot ? ['--user=root'] : []),
          '--bootstrap',
          '--enforce-storage-engine=',
          '--max-allowed-packet=8M',
          '--innodb-log-file-size=8M',
          `--datadir=${folder}`,
        ],
        { input: await bootstrapStatements(join(program.folder, 'usr/share/mysql')) },
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
async function bootstrapStatements(share: string): Promise<string> {
  const scripts = await Promise.all(systemTables.map((name) => readFile(join(share, name), 'utf8')));
  const before = ['CREATE DATABASE IF NOT EXISTS mysql;', 'USE mysql;', 'SET @auth_root_socket = NULL;'];
  return [...before, ...scripts, ...accountsOnly, ...accounts, ''].join('\n');
}
