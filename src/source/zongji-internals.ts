/**
 * The parts of zongji 0.9.0 and mysql2 3.24 that stand in no documentation and that we use. Both are pinned exactly, and
 * test/unit/source/zongji-contract.test.ts fails when one of them changes.
 */
import type ZongJi from '@vlasky/zongji';

/** mysql2's packet. */
export interface Packet {
  readonly buffer: Buffer;
  /** Where the payload begins. */
  readonly offset: number;
  readonly end: number;
}

/** Is given every chunk of the socket; they are made anew for each read, so that nobody writes to them again. */
export interface PacketParser {
  execute(chunk: Buffer): void;
}

/** mysql2's connection. It asks for its parser with every chunk, whether the socket is encrypted or not. */
export interface DumpConnection {
  packetParser: PacketParser;
  /** The number that the next packet must have; another one is complained of on the console. */
  sequenceId: number;
}

/** The mysql2 command that sends the dump request. `start` returns the function that receives the next packet. */
export interface BinlogCommand {
  start(packet: Packet | undefined, connection: DumpConnection): unknown;
}

/** `callback` is told of what its own parser finds. */
export type BinlogCommandClass = new (callback: () => void) => BinlogCommand;

export interface ZongjiInternals {
  /** Made before `ready` is emitted, and used right after it. */
  BinlogClass: BinlogCommandClass;
}

export function internalsOf(zongji: ZongJi): ZongjiInternals {
  return zongji as unknown as ZongjiInternals;
}
