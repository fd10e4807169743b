import { strikeActive } from '../strikes/standby.ts';
import type { Expects } from '../world/exits.ts';
import type { Scenario } from './scenario.ts';

/** Each writes an audit trail of its own time; one file for both would mix them. */
const config = { audit: undefined, checkpoint: { store: 'redis', interval: '100ms' } } as const;

/** The woken zombie: another one has taken over meanwhile. */
const expects: Expects = ({ code }, log) => code === 4 && log.includes('"code":"LEASE_LOST"');

export const standbys: readonly Scenario[] = [
  {
    name: 'standby',
    mode: 'in_process',
    weight: 3,
    about: 'two `sluice run` of one name: the active one is stopped for up to 14 s, or killed; the checkpoint in Redis',
    world: { runs: 2, config, expects },
    lanes: [{ kinds: [strikeActive('run')], pauseMs: [2_000, 6_000] }],
  },
  {
    name: 'standby-kafka',
    mode: 'kafka',
    weight: 3,
    about: 'two captures of one name: the active one is stopped for up to 14 s, or killed; the checkpoint in Kafka',
    world: { captures: 2, expects, config: { checkpoint: { store: 'kafka', interval: '100ms' } } },
    lanes: [{ kinds: [strikeActive('capture')], pauseMs: [2_000, 6_000] }],
  },
];
