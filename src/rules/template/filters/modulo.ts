import { always, ArgumentMistake, FilterFailure, textStep, type FilterSpec } from './filter.ts';

/** The rest of a whole number of any size, with the sign of the number, as MySQL's MOD(). */
export const modulo: FilterSpec = {
  parameters: [{ name: 'divisor', type: 'integer' }],
  takes: ['raw', 'json', 'text', 'integer'],
  gives: 'integer',
  bounds: always,
  compile: ([divisor]) => {
    const by = Number(divisor);
    if (by < 1)
      throw new ArgumentMistake(0, 0, 'a divisor must be at least 1', 'Write the number of parts, as in modulo(16).');
    return textStep((text) => {
      if (!/^-?\d+$/.test(text) || text.length > MAX_DIGITS) throw new FilterFailure('the value is no whole number');
      const number = Number(text);
      return String(Number.isSafeInteger(number) ? number % by : BigInt(text) % BigInt(by));
    });
  },
};

/** Far more than a DECIMAL has; a division of more would take its time. */
const MAX_DIGITS = 100;
