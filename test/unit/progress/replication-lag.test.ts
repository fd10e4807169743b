import { expect, it } from 'vitest';
import { ReplicationLag } from '../../../src/progress/replication-lag.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('is the age of the newest transaction when it was read, and nothing after a heartbeat', () => {
  const clock = new FakeClock(100_000);
  const lag = new ReplicationLag(clock);
  lag.note(97_000);
  expect(lag.nowMs()).toBe(3_000);
  clock.advance(5_000);
  expect(lag.nowMs()).toBe(3_000);
  lag.note(null);
  expect(lag.nowMs()).toBe(0);
});

it('grows with time when nothing is read for longer than heartbeats take', () => {
  const clock = new FakeClock(100_000);
  const lag = new ReplicationLag(clock);
  lag.note(99_000);
  clock.advance(60_000);
  expect(lag.nowMs()).toBe(61_000);
  lag.note(null);
  expect(lag.nowMs()).toBe(0);
});
