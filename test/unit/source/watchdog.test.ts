import { expect, it } from 'vitest';
import { Watchdog } from '../../../src/source/watchdog.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const settle = (): Promise<void> => new Promise(setImmediate);

function watched() {
  const clock = new FakeClock();
  const dead: string[] = [];
  const watchdog = new Watchdog({ clock, onDead: ({ message }) => dead.push(message) });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { clock, dead, watchdog, pass };
}

it('calls the link dead when it was silent for longer than allowed, once', async () => {
  const { dead, watchdog, pass } = watched();
  watchdog.allow(300, 'three heartbeats are missing');
  await pass(299);
  expect(dead).toEqual([]);
  await pass(1);
  await pass(10_000);
  expect(dead).toEqual(['the link is dead: three heartbeats are missing']);
});

it('begins to count anew with every sign of life, with one sleep under way', async () => {
  const { clock, dead, watchdog, pass } = watched();
  for (let beat = 0; beat < 10; beat++) {
    watchdog.allow(300, 'silence');
    await pass(200);
    expect(clock.sleeping).toBeLessThan(2);
  }
  expect(dead).toEqual([]);
  await pass(100);
  expect(dead).toHaveLength(1);
});

it('is silent after it was stopped, and can be started again', async () => {
  const { clock, dead, watchdog, pass } = watched();
  watchdog.allow(300, 'silence');
  watchdog.stop();
  await pass(1_000);
  expect(dead).toEqual([]);
  expect(clock.sleeping).toBe(0);
  watchdog.allow(300, 'silence');
  await pass(300);
  expect(dead).toHaveLength(1);
});

it('does not take a clock that was set for silence, nor silence for life', async () => {
  const { clock, dead, watchdog, pass } = watched();
  watchdog.allow(300, 'silence');
  clock.set(3_600_000);
  await pass(299);
  watchdog.allow(300, 'silence');
  clock.set(-7_200_000);
  await pass(299);
  expect(dead).toEqual([]);
  await pass(1);
  expect(dead).toHaveLength(1);
});
