import { describe, expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import type { ChangeBatch } from '../../../src/model/row-change.ts';
import { SingleTransactions } from '../../../src/source/single-transactions.ts';
import { decoderOf, describeChange, recordedEvents, takeAll } from '../../support/recorded-log.ts';

const events = recordedEvents('mysql');
const TYPE_AT = 4;
const MAX_CHUNK_BYTES = 2_000;

/** Everything at once, as it may come from one chunk of the socket. */
function filled(maxChunkBytes: number): SingleTransactions {
  const single = new SingleTransactions(decoderOf('mysql', { maxChunkBytes }));
  for (const event of events) single.push(event, 0, event.length);
  return single;
}

function all(single: SingleTransactions, onBatch: (batch: ChangeBatch) => void = () => undefined): ChangeBatch[] {
  const batches: ChangeBatch[] = [];
  for (let batch = single.take(); batch !== null; batch = single.take()) {
    batches.push(batch);
    onBatch(batch);
  }
  return batches;
}

describe('history, transaction by transaction', () => {
  it('is the same changes as the stream has, and no batch has two transactions', () => {
    const decoder = decoderOf('mysql');
    for (const event of events) decoder.push(event, 0, event.length);
    const wanted = takeAll(decoder).flatMap(({ changes }) => changes.map(describeChange));
    const batches = all(filled(10_000_000));
    expect(batches.flatMap(({ changes }) => changes.map(describeChange))).toEqual(wanted);
    for (const { changes } of batches) {
      expect(new Set(changes.map(({ transaction }) => transaction)).size).toBeLessThanOrEqual(1);
    }
    expect(batches.length).toBeGreaterThan(10);
  });

  it('does not hold a compressed transaction whole: no more of it is decoded than somebody takes', () => {
    expect(events.some((event) => event[TYPE_AT] === EVENT.transactionPayload)).toBe(true);
    const single = filled(MAX_CHUNK_BYTES);
    // Only what came: nothing is decoded before it is asked for.
    const bytes = events.reduce((sum, { length }) => sum + length, 0);
    expect(single.bufferedBytes).toBe(bytes);
    let most = 0;
    const batches = all(single, ({ changes }) => (most = Math.max(most, changes.length)));
    expect(batches.filter(({ end }) => end === null).length).toBeGreaterThan(1);
    // A row weighs 300 bytes and more, and one event may go beyond the limit.
    expect(most).toBeLessThan(60);
    expect(single.bufferedBytes).toBe(0);
  });

  it('says of an event that cannot be read what it is, behind everything that came before it', () => {
    const single = new SingleTransactions(decoderOf('mysql'));
    for (const event of events) single.push(event, 0, event.length);
    const damaged = Buffer.from(events.at(-1) ?? Buffer.alloc(0));
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    single.push(damaged, 0, damaged.length);
    const seen: ChangeBatch[] = [];
    expect(() => all(single, (batch) => seen.push(batch))).toThrow(expect.objectContaining({ code: 'SOURCE_DECODE' }) as Error); // prettier-ignore
    expect(seen.length).toBeGreaterThan(10);
  });
});
