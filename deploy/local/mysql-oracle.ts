/** MySQL 9.7, from Debian's unstable suite: no released Debian has it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { debianProgram, type Program } from './debian.ts';
import { isRoot } from './folders.ts';
import { accounts } from './mysql-accounts.ts';
import type { Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

export function mysqlProgram(progress: Progress): Promise<Program> {
  // The client package has mysqlbinlog, which shows what a server really wrote.
  const packages = ['mysql-server-core', 'mysql-client-core'] as const;
  return debianProgram({ name: 'mysql', suite: 'sid', packages }, progress);
}

export function mysqlFlags(program: Program): string[] {
  return [
    ...program.command('usr/sbin/mysqld'),
    '--no-defaults',
    `--basedir=${join(program.folder, 'usr')}`,
    `--lc-messages-dir=${join(program.folder, 'usr/share/mysql')}`,
    `--plugin-dir=${join(program.folder, 'usr/lib/mysql/plugin')}`,
    // Debian compiles in a folder that exists only where the package is installed, and the server insists on it.
    '--secure-file-priv=',
    '--mysqlx=OFF',
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
  ];
}

/** An initialised data folder to copy. The statements run before there is a binlog, so its GTID set is empty. */
export async function mysqlTemplate(program: Program, progress: Progress): Promise<string> {
  const folder = await cached(`mysql-data-${program.version}`, (unfinished) =>
    withProgress(progress, 'mysql: initialising a data folder', async () => {
      const statements = join(unfinished, 'accounts.sql');
      await writeFile(statements, ["ALTER USER 'root'@'localhost' IDENTIFIED BY 'sluice';", ...accounts].join('\n'));
      await run([
        ...mysqlFlags(program),
        ...(isRoot ? ['--user=root'] : []),
        '--initialize-insecure',
        `--init-file=${statements}`,
        // Less to copy; a server that starts from the copy makes it as large as its own setting says.
        '--innodb-redo-log-capacity=8M',
        // A folder of its own: the server initialises only one that is empty.
        `--datadir=${join(unfinished, 'data')}`,
      ]);
    }),
  );
  return join(folder, 'data');
}
