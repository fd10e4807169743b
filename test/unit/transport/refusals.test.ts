import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/runtime/logger.ts';
import { Refusals } from '../../../src/transport/refusals.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function start() {
  const clock = new FakeClock();
  const logger = createLogger('silent');
  const log: string[] = [];
  vi.spyOn(logger, 'warn').mockImplementation(() => void log.push('warn'));
  vi.spyOn(logger, 'info').mockImplementation(() => void log.push('info'));
  const refusals = new Refusals({ topic: 'any', clock, logger });
  const refuse = (): void => refusals.refused(new Error('not confirmed'));
  return { clock, log, refusals, refuse };
}

describe('refusals to publish', () => {
  it('are told once when they last, and so is their end', () => {
    const { clock, log, refusals, refuse } = start();
    refuse();
    clock.advance(9_999);
    refuse();
    expect(log).toEqual([]);
    clock.advance(1);
    refuse();
    clock.advance(60_000);
    refuse();
    expect(log).toEqual(['warn']);
    refusals.permitted();
    refusals.permitted();
    expect(log).toEqual(['warn', 'info']);
  });

  it('are not told when each is over soon', () => {
    const { clock, log, refusals, refuse } = start();
    for (let i = 0; i < 20; i++) {
      refuse();
      clock.advance(5_000);
      refuse();
      refusals.permitted();
    }
    expect(log).toEqual([]);
  });
});
