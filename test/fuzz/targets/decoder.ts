import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ZongJi from '@vlasky/zongji';
import { EventDecoder } from '../../../src/decode/event-decoder.ts';
import { NO_EPOCHS, type Flavour } from '../../../src/model/position.ts';
import { RuleEvaluator } from '../../../src/rules/evaluate/evaluate.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import { toSourceError } from '../../../src/source/source-errors.ts';
import { internalsOf, type BinlogCommandClass, type Packet } from '../../../src/source/zongji-internals.ts';
import type { Random } from '../random.ts';
import { mutate } from '../mutate.ts';
import { codeOf, type Input, type Target } from '../target.ts';

const require = createRequire(import.meta.url);
const ADDRESS = { host: 'fuzz', port: 3306, user: 'fuzz', password: '', database: null, tls: null };
const LENGTH_AT = 9;
const HEADER_BYTES = 19;

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

/** Events of a real binary log, changed, on the way that every event takes: tap, parser, decoder, batches, rules. */
export async function decoderTarget(): Promise<Target> {
  const streams = [corpusOf('mysql'), corpusOf('mariadb')] as const;
  const path = require.resolve('@vlasky/zongji').replace(/index\.js$/, 'lib/sequence/binlog.js');
  const { default: classOf } = (await import(path)) as { default: (zongji: ZongJi) => BinlogCommandClass };
  const ruleSet = loadRules([{ file: 'rules.yaml', text: RULES }]);
  const metrics = new Metrics();
  return {
    name: 'decoder',
    share: 20,
    make: (random) => makeInput(random, streams),
    run: async ([first, ...packets]) => {
      const flavour = first?.[0] === 1 ? 'mariadb' : 'mysql';
      const broken = decode(flavour, packets, classOf);
      const evaluator = new RuleEvaluator({ ruleSet, metrics, lookup: null, clock: systemClock });
      for (let batch = broken.decoder.take(); batch !== null; batch = broken.decoder.take()) {
        const signal = new AbortController().signal;
        try {
          await evaluator.evaluate(batch, { captureTimeMs: 0, epochs: NO_EPOCHS, signal });
        } catch (error) {
          // A value that is not of its type is seen only where it is used.
          return codeOf(error);
        }
      }
      if (broken.error === null) return 'accepted';
      const { code } = toSourceError(broken.error, ADDRESS);
      const isEnd = broken.error instanceof Error && broken.error.message === 'the server ended the stream';
      if (code !== 'SOURCE_DECODE' && !isEnd) throw new Error(`refused with ${code}`, { cause: broken.error });
      return code;
    },
  };
}

function decode(flavour: Flavour, packets: Input, classOf: (zongji: ZongJi) => BinlogCommandClass) {
  const position = { flavour, serverUuid: 'fuzz', coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: '' };
  const decoder = new EventDecoder({ from: { position, lastVersion: 0 }, maxChunkBytes: 20_000, maxHeldBytes: 4_000 });
  const state: { decoder: EventDecoder; error: unknown } = { decoder, error: null };
  const zongji = new ZongJi({});
  const internals = internalsOf(zongji);
  Object.assign(internals, { BinlogClass: classOf(zongji), useChecksum: true, isMariaDb: flavour === 'mariadb' });
  const fail = (error: unknown): void => void (state.error ??= error);
  const tap = new BinlogTap({
    zongji: internals,
    onEvent: (type, event) => decoder.push(type, event),
    place: () => decoder.place,
    onBroken: fail,
  });
  // As BinlogStream does it.
  zongji.on('error', (error: Error) => {
    fail(tap.parsing ? tap.undecodable(error) : error);
    tap.close();
  });
  const connection = { writePacket: () => undefined };
  Object.assign(zongji, { connection });
  let receive = new internals.BinlogClass(() => undefined).start(undefined, connection) as Receive;
  for (const bytes of packets) receive = receive(packetOf(bytes), connection) as Receive;
  return state;
}

type Receive = (packet: Packet, connection: unknown) => unknown;

/** mysql2's packet, as far as zongji looks at it: four bytes of a header of its own come first. */
function packetOf(bytes: Buffer): Packet {
  const buffer = Buffer.concat([Buffer.alloc(4), bytes]);
  const packet: Packet = { buffer, offset: 4, end: buffer.length };
  return Object.assign(packet, { isEOF: () => false, isError: () => false });
}

/** A run of neighbours, of which some are changed, left out, doubled or exchanged; a marker byte before each. */
function makeInput(random: Random, streams: readonly [Stream, Stream]): Input {
  const { flavour, events } = random.pick(streams);
  const from = random.below(events.length);
  const packets = events.slice(from, from + 3 + random.below(14));
  for (let changes = 1 + random.below(3); changes > 0; changes--) changeOne(packets, random, events);
  const marked = packets.map((event) => Buffer.concat([Buffer.alloc(1), event]));
  if (random.chance(0.01)) random.pick(marked)?.writeUInt8(random.below(256), 0);
  return [Buffer.from([flavour === 'mariadb' ? 1 : 0]), ...marked];
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
    if (changed.length >= HEADER_BYTES && random.chance(0.7)) changed.writeUInt32LE(changed.length, LENGTH_AT);
    packets[index] = changed;
  }
}
