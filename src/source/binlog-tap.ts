import type { Packet, ZongjiInternals } from './zongji-internals.ts';

export interface BinlogTapOptions {
  readonly zongji: ZongjiInternals;
  /** Every event of the stream, in order, synchronously while a chunk of the socket is parsed. May throw. */
  readonly onEvent: (bytes: Buffer, start: number, end: number) => void;
  /** The stream has ended or cannot be read on; nothing comes after it. */
  readonly onBroken: (error: unknown) => void;
}

/** What the first byte of a packet says: an event follows. */
const EVENT = 0;

/**
 * Replaces the class that receives the packets of a dump by one that hands on their bytes: zongji asks for the dump and never sees what
 * comes. To be made in zongji's `ready` handler, which runs just before the class is used. It exists because zongji's own parser
 *
 * - skips compressed transactions and partial updates of JSON, rows without a table map, and rows in partial images,
 * - ends without any event when the server ends the stream,
 * - asks INFORMATION_SCHEMA about a table of today where the log has no full metadata of its own,
 * - makes an object of each event and a value of each column, whether anybody needs it or not (docs/adr/0028).
 *
 * The class is not part of zongji's documented interface: test/unit/source/zongji-contract.test.ts pins what is used.
 */
export class BinlogTap {
  readonly #options: BinlogTapOptions;
  #broken = false;

  constructor(options: BinlogTapOptions) {
    this.#options = options;
    const { zongji } = options;
    const received = (packet: Packet): void => this.#packet(packet);
    const Original = zongji.BinlogClass;
    zongji.BinlogClass = class extends Original {
      constructor() {
        // Called by its own parser, which never runs.
        super(() => undefined);
      }

      /** Sends the request. What it returns receives the next packet. */
      override start(packet: Packet | undefined, connection: unknown): unknown {
        super.start(packet, connection);
        return this.#receive;
      }

      readonly #receive = (packet: Packet): unknown => {
        received(packet);
        return this.#receive;
      };
    };
  }

  /** After this nothing is delivered any more, also of packets that wait already. */
  close(): void {
    this.#broken = true;
  }

  /** A packet is a marker byte (0: an event, 0xfe: end of stream), and the event. */
  #packet({ buffer, offset, end }: Packet): void {
    if (this.#broken) return;
    if (buffer[offset] !== EVENT) return this.#break(new Error('the server ended the stream'));
    try {
      this.#options.onEvent(buffer, offset + 1, end);
    } catch (error) {
      this.#break(error);
    }
  }

  #break(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.onBroken(error);
  }
}
