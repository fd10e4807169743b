import { Command } from 'ioredis';

/**
 * A command with many arguments, in the bytes of the protocol at once. The client would copy the arguments twice and put its text
 * together piece by piece, which costs more than everything else that happens to a key here. Its `args` stay empty: nothing of what
 * we use looks at them, and so they cannot get into errors either.
 */
export class EncodedCommand extends Command {
  readonly #bytes: Buffer;

  constructor(name: string, ...args: readonly (readonly string[])[]) {
    super(name, [], { replyEncoding: 'utf8' });
    this.#bytes = encode([[name], ...args]);
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** `*3 $3 SET $1 k $1 v`, each on a line: the number of arguments, then each behind its length in bytes. */
function encode(args: readonly (readonly string[])[]): Buffer {
  const text = frame(args, (arg) => arg.length);
  // Of ASCII, as nearly all of it is, every text has as many bytes as characters: found out once for all of them.
  if (Buffer.byteLength(text) === text.length) return Buffer.from(text, 'latin1');
  return Buffer.from(
    frame(args, (arg) => Buffer.byteLength(arg)),
    'utf8',
  );
}

function frame(args: readonly (readonly string[])[], lengthOf: (arg: string) => number): string {
  const lines = [''];
  let count = 0;
  for (const some of args) {
    count += some.length;
    for (const arg of some) lines.push(`$${lengthOf(arg)}`, arg);
  }
  lines[0] = `*${count}`;
  lines.push('');
  return lines.join('\r\n');
}
