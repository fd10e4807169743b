import { PacketFramer } from './packet-framer.ts';
import type { DumpConnection, Packet, PacketParser, ZongjiInternals } from './zongji-internals.ts';

export interface BinlogTapOptions {
  readonly zongji: ZongjiInternals;
  /** Every event of the stream, in order, synchronously while a chunk of the socket is parsed. May throw. */
  readonly onEvent: (bytes: Buffer, start: number, end: number) => void;
  /** All events that end in a chunk of the socket were given; not before the first one. */
  readonly onChunk: () => void;
  /** The stream has ended or cannot be read on; nothing comes after it. */
  readonly onBroken: (error: unknown) => void;
}

/** What the first byte of a packet says: an event follows, or why the server does not go on. */
const EVENT = 0;
const ERROR = 0xff;

/**
 * Takes the place of mysql2's parser as soon as zongji has asked for the dump: neither sees what comes then. To be made in zongji's `ready`
 * handler, which runs just before the request is made. It exists because zongji's own parser
 *
 * - skips compressed transactions and partial updates of JSON, rows without a table map, and rows in partial images,
 * - ends without any event when the server ends the stream,
 * - asks INFORMATION_SCHEMA about a table of today where the log has no full metadata of its own,
 * - makes an object of each event and a value of each column, whether anybody needs it or not (docs/adr/0028),
 *
 * and because mysql2 calls through six functions for each packet (docs/adr/0031). Neither is part of a documented interface:
 * test/unit/source/zongji-contract.test.ts pins what is used.
 */
export class BinlogTap {
  readonly #options: BinlogTapOptions;
  #broken = false;
  /** An event has come. */
  #streams = false;

  constructor(options: BinlogTapOptions) {
    this.#options = options;
    const { zongji } = options;
    const take = (connection: DumpConnection): void => this.#take(connection);
    const Original = zongji.BinlogClass;
    zongji.BinlogClass = class extends Original {
      constructor() {
        // Called by its own parser, which never runs.
        super(() => undefined);
      }

      /** Sends the request. What it returns would receive the next packet; only the error that ends the stream comes that way. */
      override start(packet: Packet | undefined, connection: DumpConnection): unknown {
        super.start(packet, connection);
        take(connection);
        return () => {
          throw new Error('a packet of the dump came before the tap');
        };
      }
    };
  }

  /** After this nothing is delivered any more, also of packets that wait already. */
  close(): void {
    this.#broken = true;
  }

  /** Nothing of an earlier answer can be left: the server says nothing between that and the dump. */
  #take(connection: DumpConnection): void {
    const parser = connection.packetParser;
    const framer = new PacketFramer({
      onPayload: (bytes, start, end, number) => {
        if (this.#broken) return;
        if (bytes[start] === EVENT) this.#event(bytes, start + 1, end);
        else if (bytes[start] === ERROR) this.#refused(connection, parser, bytes.subarray(start, end), number);
        else this.#break(new Error('the server ended the stream'));
      },
    });
    const { onChunk } = this.#options;
    connection.packetParser = {
      execute: (chunk) => {
        try {
          framer.push(chunk);
        } catch (error) {
          this.#break(error);
        }
        if (this.#streams && !this.#broken) onChunk();
      },
    };
  }

  #event(bytes: Buffer, start: number, end: number): void {
    this.#streams = true;
    try {
      this.#options.onEvent(bytes, start, end);
    } catch (error) {
      this.#break(error);
    }
  }

  /** mysql2 makes the error of it, and zongji reports it. */
  #refused(connection: DumpConnection, parser: PacketParser, payload: Buffer, number: number): void {
    this.#broken = true;
    const head = Buffer.from([payload.length & 0xff, (payload.length >> 8) & 0xff, payload.length >> 16, number]);
    connection.sequenceId = number;
    parser.execute(Buffer.concat([head, payload]));
  }

  #break(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.onBroken(error);
  }
}
