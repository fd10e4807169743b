import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from './durable-folder.ts';

/*
 * The files that dead letters stand in. A daemon appends to `path` and touches nothing else. Whoever takes letters away first moves
 * that file aside, to `path.<time>-<random>`, which a daemon that has it open notices (FileDeadLetters); then it works on parts that
 * nobody writes to any more: what stays of one replaces it in one step. There is no lock that a crash could leave behind, and a
 * crash at any place leaves each part as it was or as it was to become.
 */

/** Existing parts, those that were moved aside first, in the order of their age. */
export async function letterParts(path: string): Promise<string[]> {
  const names = await namesIn(dirname(path));
  const aside = names.filter((name) => isAside(basename(path), name)).sort();
  return [...aside, ...names.filter((name) => name === basename(path))].map((name) => join(dirname(path), name));
}

/** What a daemon writes from now on stands in a new file. Nothing happens if there is none. */
export async function moveAside(path: string, nowMs: number): Promise<void> {
  const aside = `${path}.${String(nowMs).padStart(15, '0')}-${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** The part holds these lines instead; without any it is gone. Never to be called for the file that a daemon writes to. */
export async function replacePart(part: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) {
    const neighbour = `${part}.${randomBytes(4).toString('hex')}.tmp`;
    const file = await open(neighbour, 'wx', 0o600);
    try {
      for (const line of lines) await file.appendFile(`${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(neighbour, part);
  } else await rm(part, { force: true });
  await syncFolder(dirname(part));
}

/** One line after another, without those that are empty. A part that somebody else has just removed has none. */
export async function* linesOfPart(part: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(part) as AsyncIterable<Buffer>) {
      let begin = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, begin)) {
        const line = Buffer.concat([...rest, chunk.subarray(begin, end)]).toString('utf8');
        rest = [];
        begin = end + 1;
        if (line !== '') yield line;
      }
      if (begin < chunk.length) rest.push(chunk.subarray(begin));
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // A daemon may just be writing it, or a crash has cut it off.
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

const LINE_FEED = 0x0a;

function isAside(name: string, candidate: string): boolean {
  return candidate.startsWith(`${name}.`) && /^\d{15}-[0-9a-f]{8}$/.test(candidate.slice(name.length + 1));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
