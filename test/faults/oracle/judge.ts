/** What must hold when everything has settled, and the evidence where it does not. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../journal.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { World } from '../world/world.ts';
import { checkpointArrives } from './checkpoints.ts';
import { compare, type StaleKey } from './compare.ts';
import { lostMarkers } from './lost.ts';
import { orderProblems, type Told } from './order.ts';
import { trailOf, type Trail } from './trail.ts';

export interface Verdict {
  readonly compared: number;
  readonly staleKeys: number;
  readonly lostInvalidations: number;
  /** Late fills of cache-aside readers that nothing took away. */
  readonly slips: { readonly plain: number; readonly again: number };
  readonly problems: readonly Problem[];
}

export async function judge(world: World, scenario: Scenario, settled: boolean): Promise<Verdict> {
  const { journal } = world;
  const { compared, stale, missing } = await compare(world);
  const plain = stale.filter(({ family }) => family === 'profile');
  const again = stale.filter(({ family }) => family === 'account');
  const guaranteed = world.options.againAfterMs === null ? [] : again;
  const bad = [...stale.filter(({ family }) => family !== 'profile' && family !== 'account'), ...guaranteed];
  const lost = await lostMarkers(world);
  for (const key of bad) journal.problem('stale', `${key.key} holds ${key.cached}, its row says ${key.row}`);
  for (const key of lost) journal.problem('lost', `${key} was committed and not invalidated`);
  if (scenario.mayMissRefreshed === undefined) {
    for (const key of missing) journal.problem('missing', `${key.key} is not there, its row says ${key.row}`);
  }
  await checkpointArrives(world);
  // In order: what they still had to write is then written.
  for (const slot of world.slots) await slot.end('SIGTERM');
  const trail = await trailOf(world);
  for (const problem of orderProblems(toldOn(trail), { isWhole: !world.topicChanged }))
    journal.problem('order', problem);
  await noteLetters(world, scenario);
  if (journal.problems.length > 0) keepEvidence(world, [...bad, ...missing].map(nameOf).concat(lost), trail, settled);
  return {
    compared,
    staleKeys: bad.length,
    lostInvalidations: lost.length,
    slips: { plain: plain.length, again: again.length },
    problems: journal.problems,
  };
}

const nameOf = ({ key }: StaleKey): string => key;

function* toldOn(trail: Trail): Generator<Told> {
  for (const { told } of trail) yield told;
}

async function noteLetters(world: World, scenario: Scenario): Promise<void> {
  const { folder, journal } = world;
  const path = join(folder, 'state/dead-letters.jsonl');
  const letters =
    world.kafka !== null
      ? await world.topic('.dead-letters').kcat('%s')
      : existsSync(path)
        ? readFileSync(path, 'utf8').trim().split('\n')
        : [];
  journal.count('dead letters', letters.length);
  if (scenario.expectsLetters !== undefined) return;
  for (const letter of letters.slice(0, 5)) journal.problem('letter', letter.slice(0, 600));
}

/** The last that was told of the keys in question. */
function keepEvidence({ journal }: World, keys: readonly string[], trail: Trail, settled: boolean): void {
  journal.note(settled ? 'it had settled' : 'it had not settled');
  const about = new Map(keys.slice(0, 20).map((key) => [key, [] as string[]]));
  for (const { text } of trail) {
    for (const [key, lines] of about) {
      if (!text.includes(`"${key}"`)) continue;
      lines.push(text);
      if (lines.length > 40) lines.shift();
    }
  }
  for (const [key, lines] of about) journal.keep('evidence.log', `# ${key}\n${lines.join('\n')}\n\n`);
}
