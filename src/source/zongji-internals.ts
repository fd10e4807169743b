/**
 * The parts of zongji 0.9.0 and mysql2 3.24 that stand in no documentation and that we use. Both are pinned exactly, and
 * test/unit/source/zongji-contract.test.ts fails when one of them changes.
 */
import type ZongJi from '@vlasky/zongji';

/** mysql2's packet. The parser uses one object for all of them: nothing of it may be kept but the bytes, which are never written again. */
export interface Packet {
  readonly buffer: Buffer;
  /** Where the payload begins. */
  readonly offset: number;
  readonly end: number;
}

/** The mysql2 command that sends the dump request. `start` returns the function that receives the next packet, and so does that one. */
export interface BinlogCommand {
  start(packet: Packet | undefined, connection: unknown): unknown;
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
