import { describe, expect, onTestFinished, test } from 'vitest';
import type { DeadLetter, DeadLetters } from '../../src/ports.ts';
import { delivered, ORIGIN, refreshOf } from '../support/invalidations.ts';

/** What a person finds where dead letters are kept. */
export interface KeptLetter {
  readonly reason: string;
  readonly target: string | null;
  readonly place: string;
  /** The text of a record that could not be read. */
  readonly raw?: string;
  /** The row that a rule could not be applied to. */
  readonly change?: object;
}

/** A place for dead letters that nobody used before. */
export interface DeadLettersHarness {
  /** Opens that place; called again it is another process after a restart. The suite closes it. */
  open(): DeadLetters;
  kept(): Promise<KeptLetter[]>;
  close(): Promise<void>;
}

const unreadable = (place: string, raw = 'not JSON'): DeadLetter => ({
  reason: 'the value is not JSON',
  item: { kind: 'unreadable', raw, reason: 'the value is not JSON', place },
  target: null,
});

/** The promises of the DeadLetters port. */
export function describeDeadLetters(name: string, create: () => Promise<DeadLettersHarness>): void {
  const start = async () => {
    const harness = await create();
    onTestFinished(() => harness.close());
    const open = (): DeadLetters => {
      const letters = harness.open();
      onTestFinished(() => letters.close());
      return letters;
    };
    return { letters: open(), open, kept: () => harness.kept() };
  };

  describe(`${name} as DeadLetters`, () => {
    test('keep what could not be applied and what could not be read, with the reason', async () => {
      const { letters, kept } = await start();
      const item = delivered(refreshOf('card:1', 7, { id: 1, name: 'ü\n' }), 'topic/3@14');
      await letters.keep([{ reason: 'READ_REFUSED: no table', item, target: 'main' }, unreadable('topic/3@15', '{"ü')]);
      expect(await kept()).toMatchObject([
        { reason: 'READ_REFUSED: no table', target: 'main', place: 'topic/3@14' },
        { reason: 'the value is not JSON', target: null, place: 'topic/3@15', raw: '{"ü' },
      ]);
    });

    test('keep a row that a rule could not be applied to', async () => {
      const { letters, kept } = await start();
      const facts = { rule: 'product', origin: ORIGIN, version: 7, before: null, after: { id: 1, name: 'ü\n' } };
      const item = { kind: 'unmapped', ...facts, place: 'binlog.000001:157' } as const;
      await letters.keep([{ reason: 'RULE_TOO_MANY_KEYS: 101 keys', item, target: null }]);
      expect(await kept()).toMatchObject([
        {
          reason: 'RULE_TOO_MANY_KEYS: 101 keys',
          target: null,
          place: 'binlog.000001:157',
          change: { rule: 'product', version: 7, before: null, after: { id: 1, name: 'ü\n' } },
        },
      ]);
    });

    test('have kept the letters when keep resolves, whatever happens next', async () => {
      const { letters, open, kept } = await start();
      await letters.keep([unreadable('a')]);
      expect(await kept()).toMatchObject([{ place: 'a' }]);
      await letters.close();
      await open().keep([unreadable('b')]);
      expect(await kept()).toMatchObject([{ place: 'a' }, { place: 'b' }]);
    });

    test('keep the letters of several partitions at once, each in the order of the calls', async () => {
      const { letters, kept } = await start();
      const calls = Array.from({ length: 50 }, (_, i) => letters.keep([unreadable(`p${i % 5}@${i}`)]));
      await Promise.all(calls);
      const places = (await kept()).map(({ place }) => place);
      expect(places).toHaveLength(50);
      for (let partition = 0; partition < 5; partition++) {
        const offsets = places
          .filter((place) => place.startsWith(`p${partition}@`))
          .map((place) => Number(place.slice(3)));
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }
    });

    test('may be closed without having kept anything', async () => {
      const { letters } = await start();
      await letters.keep([]);
      await expect(letters.close()).resolves.toBeUndefined();
    });
  });
}
