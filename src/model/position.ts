import type { Version } from './version.ts';

/** A place in one server's binary log: file name and binlog offset in bytes (the end of an event). */
export interface BinlogCoordinates {
  readonly file: string;
  readonly offset: number;
}

export type Flavour = 'mysql' | 'mariadb';

/**
 * How far the binary log has been read, always at a transaction end.
 * With GTIDs the set is what counts, on any server of the topology; without, the coordinates are only meaningful
 * on the server whose UUID stands beside them.
 */
export interface Position {
  readonly flavour: Flavour;
  /** @@server_uuid (MySQL) or the decimal @@server_id (MariaDB has no UUID). */
  readonly serverUuid: string;
  readonly coordinates: BinlogCoordinates;
  /** Executed GTID set as text (MySQL `uuid:1-5,…`, MariaDB `0-1-1234,…`); null where the source has no GTIDs. */
  readonly gtidSet: string | null;
  /** Of the file in `coordinates`; absent: not known (nothing was read yet, or an older daemon wrote it down). */
  readonly log?: LogIdentity;
}

/** Tells a file of the log from one of the same name: a log that is begun anew counts its files from 1 again. */
export interface LogIdentity {
  /** As in Position; with GTIDs it may be another than the one the position began on. */
  readonly serverUuid: string;
  /** When the file was begun, ms since the epoch (whole seconds), as its format description event says. */
  readonly fileBeganMs: number;
}

/**
 * The epochs of tables that were raised at least once: `database.table` → the version of the table change that raised it
 * last. Never changed in place: a raise makes a new map.
 */
export type Epochs = ReadonlyMap<string, Version>;

export const NO_EPOCHS: Epochs = new Map();

/** All that is needed to read on: where, and which version was assigned last. */
export interface ResumePoint {
  readonly position: Position;
  readonly lastVersion: Version;
}

/**
 * What a batch adds to the position when everything in it is acknowledged.
 * `gtids` are those of the transactions that ended since the previous end, in commit order (empty without GTIDs); MySQL's whose
 * numbers follow each other are one text, `uuid:5-104`.
 */
export interface TransactionEnd {
  readonly coordinates: BinlogCoordinates;
  readonly gtids: readonly string[];
  readonly lastVersion: Version;
  readonly log?: LogIdentity;
}

/** Where a first start begins; a checkpoint, once there is one, wins. */
export type Start =
  | { readonly kind: 'now' }
  | { readonly kind: 'earliest' }
  | { readonly kind: 'coordinates'; readonly coordinates: BinlogCoordinates }
  | { readonly kind: 'gtid_set'; readonly gtidSet: string };

export function formatCoordinates(coordinates: BinlogCoordinates): string {
  return `${coordinates.file}:${coordinates.offset}`;
}
