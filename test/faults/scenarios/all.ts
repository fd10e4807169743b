import { gaps } from './gaps.ts';
import { hosts } from './host.ts';
import { kafkas } from './kafka.ts';
import { mysqls } from './mysql.ts';
import { networks } from './network.ts';
import { processes } from './processes.ts';
import { redises } from './redis.ts';
import { standbys } from './standby.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...processes,
  ...networks,
  ...mysqls,
  ...redises,
  ...kafkas,
  ...gaps,
  ...standbys,
  ...hosts,
];
