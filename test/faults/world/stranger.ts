/** A replica of somebody else. */
import mysql from 'mysql2';
import { delay } from '../wait.ts';

interface Dumping extends NodeJS.ReadableStream {
  destroy(): void;
}

interface WithDump {
  createBinlogStream(options: Record<string, unknown>): Dumping;
}

/** Reads the binlog under this server id for a while. */
export async function dumpAs(url: string, serverId: number, ms: number): Promise<void> {
  const connection = mysql.createConnection({ uri: url });
  connection.on('error', () => undefined);
  const checksum =
    'SET @source_binlog_checksum = @@GLOBAL.binlog_checksum, @master_binlog_checksum = @@GLOBAL.binlog_checksum';
  await new Promise((resolve) => connection.query(checksum, resolve));
  const [file] = await new Promise<{ Log_name: string }[]>((resolve) =>
    connection.query('SHOW BINARY LOGS', (_error, rows) => resolve((rows as { Log_name: string }[]).slice(-1))),
  );
  const stream = (connection as unknown as WithDump).createBinlogStream({
    serverId,
    masterId: 0,
    filename: file?.Log_name ?? '',
    binlogPos: 4,
    flags: 0,
  });
  stream.on('error', () => undefined);
  stream.on('data', () => undefined);
  await delay(ms);
  connection.destroy();
}
