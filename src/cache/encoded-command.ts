import { Command } from 'ioredis';

/**
 * A command with many arguments, in the bytes of the protocol at once. The client would copy the arguments twice and put its text
 * together piece by piece, which costs more than everything else that happens to a key here. Its `args` stay empty: nothing of what
 * we use looks at them, and so they cannot get into errors either.
 */
export class EncodedCommand extends Command {
  /** What is sent. Not to be written to. */
  readonly bytes: Buffer;

  constructor(name: string, ...args: readonly (readonly string[])[]) {
    super(name, [], { replyEncoding: 'utf8' });
    this.bytes = encode([[name], ...args]);
  }

  override toWritable(): Buffer {
    return this.bytes;
  }
}

/** `*3 $3 SET $1 k $1 v`, each on a line: the number of arguments, then each behind its length in bytes. */
function encode(args: readonly (readonly string[])[]): Buffer {
  return encodeAscii(args) ?? encodeText(args);
}

/** Longer ones are quicker written by the runtime, whose call costs as much as so many letters. */
const SHORT = 48;
const [CR, LF, DOLLAR, ZERO] = [13, 10, 36, 48];

/** Of ASCII, as nearly all of it is, every text has as many bytes as letters. Null: it is not. */
function encodeAscii(args: readonly (readonly string[])[]): Buffer | null {
  const head = `*${args.reduce((count, some) => count + some.length, 0)}\r\n`;
  let size = head.length;
  for (const some of args) for (const { length } of some) size += length + digitsOf(length) + 5;
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.write(head, 'latin1');
  for (const some of args) {
    for (const arg of some) {
      const { length } = arg;
      bytes[at++] = DOLLAR;
      at = writeNumber(bytes, at, length);
      bytes[at++] = CR;
      bytes[at++] = LF;
      if (length <= SHORT) {
        for (let index = 0; index < length; index++) {
          const code = arg.charCodeAt(index);
          if (code > 0x7f) return null;
          bytes[at++] = code;
        }
      } else {
        if (Buffer.byteLength(arg) !== length) return null;
        at += bytes.write(arg, at, 'latin1');
      }
      bytes[at++] = CR;
      bytes[at++] = LF;
    }
  }
  return bytes;
}

function digitsOf(length: number): number {
  if (length < 10) return 1;
  return length < 100 ? 2 : String(length).length;
}

/** Returns where it ends. */
function writeNumber(bytes: Buffer, at: number, number: number): number {
  const end = at + digitsOf(number);
  let rest = number;
  for (let place = end - 1; place >= at; place--) {
    bytes[place] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return end;
}

function encodeText(args: readonly (readonly string[])[]): Buffer {
  const lines = args.flat().flatMap((arg) => [`$${Buffer.byteLength(arg)}`, arg]);
  return Buffer.from([`*${lines.length / 2}`, ...lines, ''].join('\r\n'), 'utf8');
}

/** The arguments of commands that stand one behind the other in `bytes`, without their names. */
export function* argumentsIn(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length;) {
    const number = (): number => {
      const end = bytes.indexOf(CR, at);
      const text = bytes.toString('latin1', at + 1, end);
      at = end + 2;
      return Number(text);
    };
    for (let place = 0, count = number(); place < count; place++) {
      const length = number();
      if (place > 0) yield bytes.toString('utf8', at, at + length);
      at += length + 2;
    }
  }
}
