/** One scenario from an empty world to its verdict. */
import { Journal } from './journal.ts';
import { measurePace } from './load/committed.ts';
import { Markers } from './load/markers.ts';
import { Pace } from './load/pace.ts';
import { Probe } from './load/probe.ts';
import { Readers } from './load/readers.ts';
import { NeverBack } from './load/tickers.ts';
import { isUsual } from './load/usual-errors.ts';
import { Writers } from './load/writers.ts';
import { CheckpointWatch } from './oracle/checkpoints.ts';
import { judge } from './oracle/judge.ts';
import { settle } from './oracle/settle.ts';
import type { Random } from './random.ts';
import { countsOf, nothing, type ScenarioResult } from './scenario-result.ts';
import { USUAL_LOAD, type Scenario } from './scenarios/scenario.ts';
import type { Lane } from './strikes/strike.ts';
import { delay, messageOf, until } from './wait.ts';
import { World } from './world/world.ts';

export interface ScenarioInput {
  readonly scenario: Scenario;
  readonly main: string;
  readonly random: Random;
  readonly durationMs: number;
  readonly folder: string;
  readonly againAfterMs: number | null;
  readonly features: { readonly xa: boolean };
  readonly onProgress: (line: string) => void;
}

export async function runScenario(input: ScenarioInput): Promise<ScenarioResult> {
  const { scenario, random, folder, main, againAfterMs } = input;
  const journal = new Journal(folder);
  const begunMs = performance.now();
  let world: World | null = null;
  try {
    world = await World.open({
      againAfterMs,
      ...scenario.world,
      name: scenario.name,
      mode: scenario.mode,
      main,
      random,
      journal,
    });
    return await play(world, input, begunMs);
  } catch (error) {
    journal.problem('harness', `the scenario ended: ${messageOf(error)}`);
    return nothing(journal, scenario);
  } finally {
    await world?.close();
  }
}

async function play(world: World, input: ScenarioInput, begunMs: number): Promise<ScenarioResult> {
  const { scenario, random, durationMs, features, onProgress } = input;
  const { journal } = world;
  const load = { ...USUAL_LOAD, ...scenario.load };
  const markers = new Markers(world);
  const againAfterMs = world.options.againAfterMs ?? 1_000;
  const writers = new Writers({
    world,
    markers,
    random: random.branch('writers'),
    count: load.writers,
    pauseMs: load.pauseMs,
    pace: load.perSecond === undefined ? null : new Pace(load.perSecond),
    xa: load.xa && features.xa,
  });
  const readers = new Readers({ world, random: random.branch('readers'), ...load, thinkMs: 120, againAfterMs });
  const probe = new Probe(world);
  const neverBack = new NeverBack(world, scenario.mayShowOlder !== undefined);
  const watch = new CheckpointWatch(world);
  // Also when the scenario breaks off.
  world.closing.push(
    () => watch.stop(),
    () => neverBack.stop(),
  );

  await world.startDaemons();
  await writers.insertAll();
  await scenario.prepare?.(world, random.branch('prepare'));
  watch.start();
  const reached = load.perSecond === undefined ? null : await measurePace(world.primary);
  writers.start();
  readers.start();
  probe.start();
  neverBack.start();
  let startedMs = performance.now();
  const ticking = setInterval(() => onProgress(progressLine(world, probe, markers)), 5_000);
  try {
    await until('a first change applied', () => probe.passed.length > 0, { timeoutMs: 30_000 });
    startedMs = performance.now();
    await Promise.all(
      scenario.lanes.map((lane, index) => runLane(world, lane, random.branch(`lane ${index}`), startedMs + durationMs)),
    );
    await delay(Math.max(0, startedMs + durationMs - performance.now()));
    await heal(world, input);
    const recovered = probe.passed.length;
    await until('a change applied after the last fault', () => probe.passed.length > recovered, {
      timeoutMs: 60_000,
    }).catch((error: unknown) => journal.problem('hang', messageOf(error)));
  } finally {
    clearInterval(ticking);
    await Promise.all([writers.stop(), probe.stop()]);
    await readers.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const pace = reached === null ? null : { wanted: load.perSecond ?? 0, reached: await reached() };
  const settled = await settle(world, random.branch('settle'));
  const verdict = await judge(world, scenario, settled);
  await Promise.all([watch.stop(), neverBack.stop()]);
  journal.count('checkpoints looked at', watch.looks);
  journal.count('values looked at', neverBack.looks);
  journal.count('markers', markers.armed);
  return {
    ...verdict,
    scenario: scenario.name,
    mode: scenario.mode,
    about: scenario.about,
    seconds: Math.round(seconds),
    setupSeconds: Math.round((startedMs - begunMs) / 100) / 10,
    faults: countsOf(journal, 'fault '),
    recoveries: probe.recoveries(journal.strikes),
    longestUnavailabilityMs: Math.round(probe.longestMs),
    excuses: [scenario.mayMissRefreshed, scenario.mayShowOlder, scenario.expectsLetters].filter(
      (text) => text !== undefined,
    ),
    pace,
    failoverMs: journal.moments.flatMap(({ atMs }) => {
      const first = probe.firstAfter(atMs);
      return first === null ? [] : [Math.round(first)];
    }),
    counts: countsOf(journal, ''),
  };
}

async function runLane(world: World, lane: Lane, random: Random, untilMs: number): Promise<void> {
  for (;;) {
    await delay(random.int(...lane.pauseMs));
    if (performance.now() > untilMs) return;
    const kind = random.weighted(lane.kinds);
    await kind.strike(world, random).catch((error: unknown) => {
      // Two lanes meet: the server that one of them wants to ask is down because of the other.
      if (isUsual(messageOf(error))) world.journal.count('faults whose server was away');
      else world.journal.problem('harness', `${kind.name}: ${messageOf(error)}`);
    });
  }
}

async function heal(world: World, { scenario, random }: ScenarioInput): Promise<void> {
  world.journal.note('the faults end');
  for (const link of Object.values(world.links)) link?.heal();
  for (const slot of world.slots) slot.resume();
  await scenario.heal?.(world, random.branch('heal'));
}

function progressLine({ journal, options }: World, probe: Probe, markers: Markers): string {
  const at = probe.passed.at(-1);
  const ago = at === undefined ? '-' : `${((performance.now() - at.goneMs) / 1000).toFixed(1)} s ago`;
  return `${options.name}: ${journal.strikes.length} faults, ${journal.counts.get('transactions') ?? 0} transactions, ${markers.armed} markers, last probe ${ago}, ${journal.problems.length} problems`;
}
