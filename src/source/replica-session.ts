import type { Connection } from 'mysql2';

export interface ReplicaSessionOptions {
  readonly replicaUuid: string;
  readonly heartbeatMs: number;
  readonly netWriteTimeoutMs: number;
}

/** The longest MySQL allows. */
const YEAR_SECONDS = 31_536_000;

/**
 * Settings that must stand before the dump request: commands of a connection are sent in order, and zongji sends the
 * request after its `ready` handlers.
 *
 * - heartbeat period in ns: how long the server may be silent (MySQL reads `@source_…`, older ones and MariaDB `@master_…`)
 * - UUID: MySQL ends an older dump of the same replica
 * - that we know checksums: the server refuses to send events that have them otherwise, also those from before they were switched off
 * - net_write_timeout in s: how long the server waits while we do not read (back-pressure)
 * - wait_timeout of the control connection, which is idle all the time and would be closed
 *
 * Source: MySQL source code documentation, "Binlog_sender"; MySQL manual, "Server System Variables".
 */
export function prepareReplica(
  dump: Connection,
  control: Connection,
  { replicaUuid, heartbeatMs, netWriteTimeoutMs }: ReplicaSessionOptions,
  onError: (error: Error) => void,
): void {
  const nanoseconds = String(Math.round(heartbeatMs * 1e6));
  const uuid = `'${replicaUuid}'`;
  const variables = [
    `@source_heartbeat_period=${nanoseconds}`,
    `@master_heartbeat_period=${nanoseconds}`,
    `@replica_uuid=${uuid}`,
    `@slave_uuid=${uuid}`,
    `@source_binlog_checksum='CRC32'`,
    `@master_binlog_checksum='CRC32'`,
    `SESSION net_write_timeout=${Math.max(1, Math.round(netWriteTimeoutMs / 1000))}`,
  ];
  const done = (error: Error | null): void => {
    if (error !== null) onError(error);
  };
  dump.query(`SET ${variables.join(', ')}`, done);
  control.query(`SET SESSION wait_timeout=${YEAR_SECONDS}`, done);
}
