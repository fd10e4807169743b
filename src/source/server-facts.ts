import type { Flavour } from '../model/position.ts';
import { text, type Session } from './session.ts';

/** What is asked of a server before anything else. */
export interface ServerFacts {
  readonly flavour: Flavour;
  /** `9.7.4`, `10.11.18-MariaDB-log`: as the server says it. */
  readonly version: string;
  /** @@server_uuid; the decimal @@server_id on MariaDB, which has no UUID. */
  readonly serverUuid: string;
  readonly serverId: number;
  /** Whether a dump can begin after a GTID set: always on MariaDB, on MySQL with gtid_mode=ON. */
  readonly gtids: boolean;
  /** lower_case_table_names=1: whatever a statement says, tables and databases have names in lower case. */
  readonly lowerCaseNames: boolean;
}

export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const [row] = await session.query(
    'SELECT VERSION() AS version, @@GLOBAL.server_id AS server_id, @@GLOBAL.lower_case_table_names AS folding',
  );
  const version = text(row, 'version');
  const serverId = Number(text(row, 'server_id'));
  const lowerCaseNames = text(row, 'folding') === '1';
  if (/mariadb/i.test(version)) {
    return { flavour: 'mariadb', version, serverId, serverUuid: String(serverId), gtids: true, lowerCaseNames };
  }
  const [more] = await session.query('SELECT @@GLOBAL.server_uuid AS uuid, @@GLOBAL.gtid_mode AS gtid_mode');
  return {
    flavour: 'mysql',
    version,
    serverId,
    serverUuid: text(more, 'uuid'),
    gtids: text(more, 'gtid_mode') === 'ON',
    lowerCaseNames,
  };
}

/** `9.7.4-2` → [9, 7, 4]. */
export function versionNumbers(version: string): readonly [number, number, number] {
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

export function isAtLeast(version: string, wanted: readonly [number, number, number]): boolean {
  const numbers = versionNumbers(version);
  for (const [index, number] of numbers.entries()) {
    const other = wanted[index] ?? 0;
    if (number !== other) return number > other;
  }
  return true;
}
