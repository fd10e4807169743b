import { describe, expect, it } from 'vitest';
import { CheckpointLog } from '../../../src/transport/kafka-checkpoint-log.ts';

/** Records one after another, from offset 0; `null` is a tombstone. */
function logOf(...records: readonly (readonly [key: string, value: string | null])[]): CheckpointLog {
  const log = new CheckpointLog('shop');
  for (const [offset, [key, value]] of records.entries()) {
    log.add({ offset, key, value: value === null ? null : Buffer.from(value) });
  }
  return log;
}

const current = (log: CheckpointLog): [number, string] | null => {
  const found = log.current();
  return found === null ? null : [found.token, found.value.toString()];
};

describe('the log of checkpoints in Kafka', () => {
  it('gives each claim a token of its own, of which the last is the newest', () => {
    const log = logOf(['shop#claim', '1'], ['shop#claim', '2']);
    expect([log.isNewest(1), log.isNewest(2)]).toEqual([false, true]);
    expect(current(log)).toBeNull();
  });

  it('counts what was saved before a claim until the new token has saved', () => {
    const before = [
      ['shop#claim', '1'],
      ['shop#1', 'a'],
      ['shop#claim', '2'],
    ] as const;
    expect(current(logOf(...before))).toEqual([1, 'a']);
    expect(current(logOf(...before, ['shop#3', 'b']))).toEqual([3, 'b']);
  });

  it('never counts what came under an old token behind a newer claim', () => {
    expect(current(logOf(['shop#claim', '1'], ['shop#claim', '2'], ['shop#1', 'late']))).toBeNull();
    const saved = [
      ['shop#claim', '1'],
      ['shop#claim', '2'],
      ['shop#2', 'b'],
    ] as const;
    expect(current(logOf(...saved, ['shop#1', 'late']))).toEqual([2, 'b']);
    // The topic was made anew, so tokens began anew; a process of before that saves under a larger one.
    expect(current(logOf(...saved, ['shop#900', 'late']))).toEqual([2, 'b']);
  });

  it('reads a checkpoint without token as that of token 0', () => {
    expect(current(logOf(['shop', 'a']))).toEqual([0, 'a']);
    expect(current(logOf(['shop', 'a'], ['shop#claim', '1'], ['shop#2', 'b']))).toEqual([2, 'b']);
  });

  it('forgets everything before a tombstone of the plain name, and one token by its own', () => {
    const saved = [
      ['shop#claim', '1'],
      ['shop#1', 'a'],
      ['shop', 'old'],
    ] as const;
    expect(current(logOf(...saved, ['shop', null]))).toBeNull();
    expect(current(logOf(...saved, ['shop', null], ['shop#claim', '2'], ['shop#5', 'b']))).toEqual([5, 'b']);
    expect(current(logOf(['shop#claim', '1'], ['shop#1', 'a'], ['shop#1', null]))).toBeNull();
  });

  it('calls useless what other tokens left, but for what a release without tokens looks at', () => {
    const log = logOf(['shop', 'z'], ['shop#claim', '1'], ['shop#2', 'a'], ['shop#claim', '2'], ['shop#4', 'b']);
    expect(log.useless(4)).toEqual([2]);
  });

  it('keeps out of the records of other daemons', () => {
    expect(current(logOf(['shop-2', 'x'], ['shop#claim#1', 'x'], ['shop#01', 'x'], ['sho', 'x']))).toBeNull();
  });
});
