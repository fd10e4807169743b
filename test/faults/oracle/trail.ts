/** What was told of keys, line by line: of a long run it is more than a string can hold. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../world/world.ts';
import { parseTold, type Told } from './order.ts';

const CHUNK_BYTES = 1 << 20;

export interface ToldLine {
  readonly text: string;
  readonly told: Told;
}

/** Can be gone through again and again. */
export interface Trail {
  [Symbol.iterator](): Iterator<ToldLine>;
}

/** Per partition: the same key in two partitions is two orders. */
export async function trailOf(world: World): Promise<Trail> {
  if (world.kafka === null) {
    const path = join(world.folder, 'audit.jsonl');
    return { [Symbol.iterator]: () => toldIn(existsSync(path) ? linesOf(path) : []) };
  }
  const lines = await world.topic().kcat('%p %s');
  return { [Symbol.iterator]: () => toldIn(lines, (line) => line.slice(0, line.indexOf(' ') + 1)) };
}

function* toldIn(lines: Iterable<string>, partitionOf = (_line: string): string => ''): Generator<ToldLine> {
  for (const line of lines) {
    const partition = partitionOf(line);
    const told = parseTold(line.slice(partition.length));
    if (told !== null) yield { text: line, told: { ...told, key: partition + told.key } };
  }
}

export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(10) + 1;
      if (end > 0) yield* bytes.toString('utf8', 0, end - 1).split('\n');
      rest = bytes.subarray(end);
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    closeSync(file);
  }
}
