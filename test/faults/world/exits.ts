import type { SluiceExit } from '../../../deploy/local/sluice-process.ts';

/** Ends of a daemon by itself that are as documented; whatever supervises it starts it again. */
export type Expects = (exit: SluiceExit, log: string) => boolean;

const AWAY =
  /ECONN|ETIMEDOUT|EPIPE|closed|did not answer|does not answer|timed? ?out|not connected|no broker|loading|READONLY|is a replica of|OOM|memory is full|CLUSTERDOWN|being shut ?down/i;

/** A start checks its servers first, and is refused (exit code 2) while one of them is away: docs/operations.md, Start. */
export const awayAtStart: Expects = ({ code }, log) => {
  if (code !== 2) return false;
  const problems = log.split('\n').filter((line) => /^\S+:\d+:\d+: /.test(line));
  return problems.length > 0 && problems.every((line) => AWAY.test(line));
};
