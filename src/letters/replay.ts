/** Composition root of `sluice dead-letters replay`: letters → what they mean today → the topic or the targets. */
import { LetterChanges, type LetterChangesOptions } from './changes.ts';
import { afterTheFact, deleteOf, type LateOptions } from './late.ts';
import { createReplayTarget, type ReplayItem, type ReplayTarget, type ReplayTargetOptions } from './target.ts';
import type { Invalidation } from '../model/invalidation.ts';
import type { KeptLetter, LetterContent } from '../transport/dead-letter-decoder.ts';
import type { StoredLetter } from '../transport/letter-log.ts';
import { decodeRecord } from '../transport/record-decoder.ts';

export interface ReplayOptions extends ReplayTargetOptions, LetterChangesOptions {
  /** Says what would be done, and does nothing. */
  readonly dryRun: boolean;
}

export interface Replayed {
  readonly id: string;
  readonly letter: KeptLetter | null;
  /** What it came to; empty when it could not be replayed, or its row means nothing by the rules of today. */
  readonly invalidations: readonly Invalidation[];
  /** Why it could not be replayed; null: it was. */
  readonly failure: string | null;
}

/** So many letters are replayed at once, and so much text at most: they may hold large rows. */
const CHUNK = { letters: 200, bytes: 4 * 1024 * 1024 };

/** In the order of the letters, chunk by chunk. Ends early, without what is not done, when aborted. */
export async function* replayLetters(
  letters: AsyncIterable<StoredLetter>,
  options: ReplayOptions,
): AsyncGenerator<readonly Replayed[], void, void> {
  const changes = new LetterChanges(options);
  const target = options.dryRun ? null : createReplayTarget(options);
  const { config, ruleSet, clock, signal } = options;
  const { versionTtlMs } = config.apply;
  const plans = config.transport.kind === 'kafka' ? ruleSet.plans : null;
  try {
    for await (const chunk of inChunks(letters)) {
      const late = { plans, nowMs: clock.now(), versionTtlMs };
      yield await replayChunk(chunk, { changes, late, target, signal });
    }
  } finally {
    await Promise.all([changes.close(), target?.close()]);
  }
}

interface Parts {
  readonly changes: LetterChanges;
  readonly late: LateOptions;
  /** Null: nothing is to be done. */
  readonly target: ReplayTarget | null;
  readonly signal: AbortSignal;
}

async function replayChunk(chunk: readonly StoredLetter[], parts: Parts): Promise<Replayed[]> {
  const { target, signal } = parts;
  const meant = await inOrder(chunk, (stored) => meaningToday(stored, parts));
  const items = chunk.flatMap(({ id, letter }, index): ReplayItem[] => {
    const meaning = meant[index] ?? '';
    if (typeof meaning === 'string') return [];
    return meaning.map((invalidation) => ({ id, invalidation, target: letter?.target ?? null }));
  });
  const failures = target === null ? new Map<string, string>() : await target.replay(items, signal);
  return chunk.map(({ id, letter }, index) => {
    const meaning = meant[index] ?? '';
    const failure = typeof meaning === 'string' ? meaning : (failures.get(id) ?? null);
    return { id, letter, invalidations: typeof meaning === 'string' ? [] : meaning, failure };
  });
}

/** What is to be applied, or why nothing can be. */
async function meaningToday(stored: StoredLetter, { changes, late }: Parts): Promise<readonly Invalidation[] | string> {
  const meaning = await meaningOf(stored, changes);
  return typeof meaning === 'string' ? meaning : afterTheFact(meaning, late);
}

/** What it was about, by the rules of today. */
async function meaningOf(
  { letter, damage }: StoredLetter,
  changes: LetterChanges,
): Promise<readonly Invalidation[] | string> {
  if (letter === null) return `the letter is damaged: ${damage}`;
  const { content } = letter;
  switch (content.kind) {
    case 'record':
      return [content.truncated ? withoutItsRow(content.invalidation) : content.invalidation];
    case 'raw':
      return readAgain(content, letter.place);
    case 'change':
      return changes.evaluate(content);
  }
}

/** Its row was too large to be kept: the key goes, and whoever reads it next fills it. */
function withoutItsRow(invalidation: Invalidation): Invalidation {
  return invalidation.action === 'refresh' ? deleteOf(invalidation) : invalidation;
}

/** A newer Sluice may read what an older one could not. */
function readAgain(
  { raw, truncated }: Extract<LetterContent, { kind: 'raw' }>,
  place: string,
): readonly Invalidation[] | string {
  if (truncated) return `its text was too large to be kept whole; as long as the topic keeps it, it stands at ${place}`;
  const value = raw.startsWith('base64:') ? Buffer.from(raw.slice('base64:'.length), 'base64') : Buffer.from(raw);
  const item = decodeRecord({ key: Buffer.from(partitionKeyIn(raw)), value }, place);
  return item.kind === 'invalidation' ? [item.invalidation] : `it still cannot be read: ${item.reason}`;
}

/** The letter does not hold the Kafka key it stood under: the record is put under the one it should have had. */
function partitionKeyIn(raw: string): string {
  try {
    const { key, partition_key: partitionKey = key } = JSON.parse(raw) as { key?: unknown; partition_key?: unknown };
    return typeof partitionKey === 'string' ? partitionKey : '';
  } catch {
    return '';
  }
}

async function* inChunks(letters: AsyncIterable<StoredLetter>): AsyncGenerator<readonly StoredLetter[], void, void> {
  let chunk: StoredLetter[] = [];
  let bytes = 0;
  for await (const letter of letters) {
    chunk.push(letter);
    bytes += letter.text.length;
    if (chunk.length < CHUNK.letters && bytes < CHUNK.bytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
