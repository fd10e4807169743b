import { describe, expect, it } from 'vitest';
import { deadLettersSchema } from '../../../../src/runtime/config/schema-dead-letters.ts';

const limits = (written: object): unknown => {
  const parsed = deadLettersSchema.safeParse(written);
  return parsed.success ? [parsed.data.max_streak, parsed.data.max_share] : 'refused';
};

describe('the limits of dead letters', () => {
  it('have defaults, and can be switched off', () => {
    expect(limits({})).toEqual([1000, 0.1]);
    expect(limits({ max_streak: 'never', max_share: 'never' })).toEqual([null, null]);
  });

  it('are a number and a percentage, from the environment too', () => {
    expect(limits({ max_streak: 5, max_share: '0.5%' })).toEqual([5, 0.005]);
    expect(limits({ max_streak: '5', max_share: '100 %' })).toEqual([5, 1]);
  });

  it.each([
    { max_streak: 0 },
    { max_streak: 1.5 },
    { max_streak: '' },
    { max_share: 10 },
    { max_share: '0%' },
    { max_share: '101%' },
  ])('refuse %j', (written) => expect(limits(written)).toBe('refused'));
});
