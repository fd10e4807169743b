/**
 * Type codes of the events of the binary log. Source: MySQL source code documentation, "Binary Log Event"
 * (enum Log_event_type); MariaDB manual, "Replication Protocol: event types" (160 and above).
 */
export const EVENT = {
  startV3: 1,
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  tableMap: 19,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  ignorable: 28,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  transactionContext: 36,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  gtidTagged: 42,
  annotateRows: 160,
  binlogCheckpoint: 161,
  mariadbGtid: 162,
  mariadbGtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  deleteRowsCompressedV1: 168,
  writeRowsCompressed: 169,
  updateRowsCompressed: 170,
  deleteRowsCompressed: 171,
} as const;

const NAMES = new Map<number, string>(Object.entries(EVENT).map(([name, code]) => [code, name]));

/** Events that change no row and begin or end no transaction. */
export const WITHOUT_CHANGES: ReadonlySet<number> = new Set([
  EVENT.startV3,
  EVENT.stop,
  EVENT.intvar,
  EVENT.formatDescription,
  EVENT.ignorable,
  EVENT.rowsQuery,
  EVENT.previousGtids,
  EVENT.transactionContext,
  EVENT.viewChange,
  EVENT.annotateRows,
  EVENT.binlogCheckpoint,
  EVENT.mariadbGtidList,
  EVENT.startEncryption,
]);

/** Why an event that carries changes cannot be read, and what to do: shown with SOURCE_DECODE. */
const UNREADABLE = new Map<number, string>([
  [EVENT.userVar, 'a statement was logged as text: use binlog_format=ROW in every session'],
  [EVENT.rand, 'a statement was logged as text: use binlog_format=ROW in every session'],
]);

export function eventName(type: number): string {
  return `${NAMES.get(type) ?? 'unknown'} (type ${type})`;
}

export function whyUnreadable(type: number): string {
  return UNREADABLE.get(type) ?? 'this type of event is not known to Sluice';
}
