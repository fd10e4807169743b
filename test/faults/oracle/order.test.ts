import { describe, expect, it } from 'vitest';
import { orderProblems, parseTold } from './order.ts';

const told = (...versions: number[]): { key: string; version: number }[] =>
  versions.map((version) => ({ key: 'a', version }));

describe('the order that was told', () => {
  it('may repeat what was there before, up to the newest', () => {
    expect(orderProblems(told(1, 2, 3, 2, 3, 4))).toEqual([]);
  });

  it('must not bring an old version for the first time', () => {
    expect(orderProblems(told(1, 3, 2, 3))).toEqual(['a: version 2 came first after 3']);
  });

  it('may repeat what a topic held that is gone', () => {
    expect(orderProblems(told(1, 3, 2, 3), { isWhole: false })).toEqual([]);
    expect(orderProblems(told(1, 3, 2), { isWhole: false })).toEqual(['a: version 2 came last, after 3']);
  });

  it('must end with the newest', () => {
    expect(orderProblems(told(1, 2, 1))).toEqual(['a: version 1 came last, after 2']);
  });

  it('reads on behind a line that a crash has cut', () => {
    const text = '{"v":1,"key":"a","version":1}\n{"v":1,"key":"b","ver{"v":1,"key":"c","version":3}\n{"v":1,"ke';
    expect(text.split('\n').map((line) => parseTold(line)?.key)).toEqual(['a', 'c', undefined]);
  });
});
