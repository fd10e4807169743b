/**
 * Which transactions have been executed, as the server writes it in @@gtid_executed (MySQL) or @@gtid_current_pos
 * (MariaDB). Mutable, because the capture adds tens of thousands of GTIDs a second: adding the next one of a source
 * costs one map look-up, and the text is built only when somebody asks for it.
 */
import { MariadbGtidSet } from './mariadb-gtid-set.ts';
import { MysqlGtidSet } from './mysql-gtid-set.ts';
import type { Flavour } from './position.ts';

export interface GtidSet {
  /** Adds one transaction; of MySQL also several of one source, `uuid:5-104`. Adding it again changes nothing (MySQL) or repeats "the last one of its domain" (MariaDB). */
  add(gtid: string): void;
  contains(gtid: string): boolean;
  isEmpty(): boolean;
  /** The canonical text: what `parseGtidSet` reads, and what the server takes to resume a dump. */
  toString(): string;
}

/** Throws an Error that names the part it cannot read; `''` is the empty set. */
export function parseGtidSet(flavour: Flavour, text: string): GtidSet {
  return flavour === 'mysql' ? MysqlGtidSet.parse(text) : MariadbGtidSet.parse(text);
}
