import { readFileSync } from 'node:fs';
import { BinlogDecoder } from '../../../src/decode/binlog-decoder.ts';
import { CHECKSUM_BYTES, crc32, hasChecksum } from '../../../src/decode/binlog/checksum.ts';
import { EVENT } from '../../../src/decode/event-type.ts';
import { NO_EPOCHS, type Flavour } from '../../../src/model/position.ts';
import type { Change, Column, Row } from '../../../src/model/row-change.ts';
import { RuleEvaluator } from '../../../src/rules/evaluate/evaluate.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Random } from '../random.ts';
import { mutate } from '../mutate.ts';
import { codeOf, type Input, type Target } from '../target.ts';

const TYPE_AT = 4;
const LENGTH_AT = 9;
const HEADER_BYTES = 19;

const MAX_CHUNK_BYTES = 20_000;
/** A definition that is known already is not looked at again, and a rotation that is made up may have no checksum. */
const UNCHECKED: ReadonlySet<number | undefined> = new Set([EVENT.tableMap, EVENT.rotate]);

const RULES = `rules:
  - name: product
    table: shop.products
    keys: ['product:{id}', 'name:{name|lower}:{price}:{made}:{sold}:{flags}:{code}']
    on: { insert: { refresh: { row: true } }, update: { refresh: { row: true } }, delete: delete }
  - name: place
    table: shop.places
    keys: ['place:{table}:{a}:{b}']
    null_as: '-'
    action: delete
`;

/** The stream of one server: the first byte of an input says whose it is. */
interface Stream {
  readonly flavour: Flavour;
  readonly events: readonly Buffer[];
}

function corpusOf(flavour: Flavour): Stream {
  const text = readFileSync(new URL(`../corpus/${flavour}.hex`, import.meta.url), 'utf8');
  return { flavour, events: text.trim().split('\n').map((line) => Buffer.from(line, 'hex')) }; // prettier-ignore
}

/** The kind of checksum that a format description announces: a log that says it has none is believed. */
function announcesNone(event: Buffer): boolean {
  return event[TYPE_AT] === EVENT.formatDescription && event[event.length - CHECKSUM_BYTES - 1] === 0;
}

/** Events of a real binary log, changed, on the way that every event takes: decoder, batches, every value, rules. */
export function decoderTarget(): Promise<Target> {
  const streams = [corpusOf('mysql'), corpusOf('mariadb')] as const;
  const ruleSet = loadRules([{ file: 'rules.yaml', text: RULES }]);
  const metrics = new Metrics();
  return Promise.resolve({
    name: 'decoder',
    share: 20,
    make: (random) => makeInput(random, streams),
    run: async ([first, ...events]) => {
      const flavour = first?.[0] === 1 ? 'mariadb' : 'mysql';
      const decoder = decoderOf(flavour);
      const before = changesBefore(flavour, events.slice(0, first?.[1] ?? 0));
      let outcome = 'accepted';
      const evaluator = new RuleEvaluator({ ruleSet, metrics, lookup: null, clock: systemClock });
      try {
            // A log without checksums says nothing of what is damaged.
        const check = events.some(announcesNone) ? pushUnchecked : push;
        for (const event of events) check(decoder, event);
      } catch (error) {
        outcome = coded(error);
      }
      try {
        for (let batch = decoder.take(); batch !== null; batch = decoder.take()) {
          for (const change of batch.changes) {
            readAll(change);
            const wanted = before.shift();
            if (wanted !== undefined && wanted !== described(change)) throw new Error('a row before the damage was changed by it');
          }
          await evaluator.evaluate(batch, { captureTimeMs: 0, epochs: NO_EPOCHS, signal: new AbortController().signal });
        }
      } catch (error) {
        // A value that is not of its type is seen only where it is used.
        outcome = coded(error);
      }
      if (before.length > 0) throw new Error(`${before.length} changes before the damage are lost`);
      return outcome;
    },
  });
} // prettier-ignore

function decoderOf(flavour: Flavour): BinlogDecoder {
  const position = { flavour, serverUuid: 'fuzz', coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' };
  return new BinlogDecoder({ from: { position, lastVersion: 0 }, maxChunkBytes: MAX_CHUNK_BYTES, maxHeldBytes: 4_000 });
}

/** A damaged event must not get through: its checksum is wrong. */
function push(decoder: BinlogDecoder, event: Buffer): void {
  const isDamaged = event.length > HEADER_BYTES && !hasChecksum(event, 0, event.length);
  const isHeldBack = decoder.bufferedBytes > MAX_CHUNK_BYTES;
  decoder.push(event, 0, event.length);
  if (isDamaged && !isHeldBack && !UNCHECKED.has(event[TYPE_AT])) throw new Error('a damaged event was accepted');
}

function pushUnchecked(decoder: BinlogDecoder, event: Buffer): void {
  decoder.push(event, 0, event.length);
}

/** What the sound events before the first one that is not mean, as far as their transactions have ended. */
function changesBefore(flavour: Flavour, events: readonly Buffer[]): string[] {
  const changes: string[] = [];
  try {
    const decoder = decoderOf(flavour);
    for (const event of events) {
      decoder.push(event, 0, event.length);
      for (let batch = decoder.take(); batch !== null; batch = decoder.take()) changes.push(...batch.changes.map(described));
    }
  } catch (error) {
    // A run of neighbours may begin in the middle of a transaction.
    coded(error);
  }
  return changes;
} // prettier-ignore

/** All of it that a rule may use, without the versions: those go by the clock of the events. */
function described(change: Change): string {
  if (change.kind !== 'row') return `${change.operation} ${change.database}.${change.table}`;
  const { operation, table, before, after } = change;
  const row = (of: Row | null): string[] => (of === null ? [] : table.columns.map((column) => textOf(column, of)));
  return JSON.stringify([operation, table.database, table.name, row(before), row(after)]);
}

function textOf(column: Column, row: Row): string {
  const value = row[column.name];
  return value === null || value === undefined ? String(value) : column.text(value);
}

function readAll(change: Change): void {
  if (change.kind !== 'row') return;
  for (const column of change.table.columns) {
    for (const row of [change.before, change.after]) if (row !== null) read(column, row);
  }
}

function read(column: Column, row: Row): void {
  const value = row[column.name];
  if (value === null || value === undefined) return;
  if (typeof column.text(value) !== 'string') throw new Error('a value without a text');
  column.json(value);
}

/** Throws what has no code of ours. */
function coded(error: unknown): string {
  if (error instanceof SluiceError && (error.code === 'SOURCE_DECODE' || error.code === 'SOURCE_POSITION_GONE')) return error.code;
  return codeOf(error);
} // prettier-ignore

/**
 * A run of neighbours behind the events that begin the log, of which some are changed, left out, doubled or exchanged. Most changes get a
 * checksum that fits: else nothing but the checksum would be tried.
 */
function makeInput(random: Random, streams: readonly [Stream, Stream]): Input {
  const { flavour, events } = random.pick(streams);
  const from = random.below(events.length);
  const packets = events.slice(from, from + 3 + random.below(14));
  const sound = [...packets];
  for (let changes = 1 + random.below(3); changes > 0; changes--) changeOne(packets, random, events);
  const head = random.chance(0.9) ? events.slice(0, 1) : [];
  const same = packets.findIndex((packet, index) => packet !== sound[index]);
  const untouched = head.length + (same === -1 ? 0 : same);
  return [Buffer.from([flavour === 'mariadb' ? 1 : 0, untouched]), ...head, ...packets];
}

function changeOne(packets: Buffer[], random: Random, events: readonly Buffer[]): void {
  const index = random.below(packets.length);
  const packet = packets[index] ?? Buffer.alloc(0);
  const kind = random.below(10);
  if (kind === 0) packets.splice(index, 1);
  else if (kind === 1) packets.splice(index, 0, packet);
  else if (kind === 2) packets.splice(index, 0, random.pick(events) ?? packet);
  else {
    // Mostly the body: what a wrong header does is soon known.
    const head = random.chance(0.9) ? HEADER_BYTES : 0;
    const body = mutate(packet.subarray(head), random, random.pick(events) ?? packet);
    const changed = Buffer.concat([packet.subarray(0, head), body]);
    if (changed.length >= HEADER_BYTES && random.chance(0.9)) changed.writeUInt32LE(changed.length, LENGTH_AT);
    if (changed.length >= HEADER_BYTES + CHECKSUM_BYTES && random.chance(0.8)) {
      const end = changed.length - CHECKSUM_BYTES;
      changed.writeInt32LE(crc32(changed, 0, end), end);
    }
    packets[index] = changed;
  }
}
