/** Faults of the machine that the daemon runs on; none of them needs to be root. */
import { execFile } from 'node:child_process';
import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Random } from '../random.ts';
import { delay } from '../wait.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

/** Whatever is written there says "no space left". */
async function diskFull({ folder }: World, random: Random): Promise<void> {
  const state = join(folder, 'state');
  const links = readdirSync(state)
    .filter((name) => /\.json(\.token-\d+)?$/.test(name))
    .map((name) => join(state, `${name}.next`));
  for (const link of links) {
    rmSync(link, { force: true });
    symlinkSync('/dev/full', link);
  }
  await delay(random.int(300, 2_000));
  for (const link of links) rmSync(link, { force: true });
}

/** The folder is not there, and cannot be made. */
async function folderGone({ folder }: World, random: Random): Promise<void> {
  const state = join(folder, 'state');
  renameSync(state, `${state}.away`);
  writeFileSync(state, 'not a folder');
  await delay(random.int(300, 2_000));
  rmSync(state);
  renameSync(`${state}.away`, state);
}

/** No new file and no new connection, while the links break. */
async function fewFiles({ slots, links }: World, random: Random): Promise<void> {
  const pid = slots[0]?.process?.pid;
  if (pid === undefined) return;
  const limit = (files: number): Promise<unknown> =>
    promisify(execFile)('prlimit', [`--pid=${pid}`, `--nofile=${files}:65536`]).catch(() => undefined);
  await limit(8);
  links.mysql.reset();
  links.redis.reset();
  await delay(random.int(300, 2_500));
  await limit(4_096);
}

const KINDS: Readonly<Record<string, (world: World, random: Random) => Promise<void>>> = {
  'disk full': diskFull,
  'no folder': folderGone,
  'open files': fewFiles,
};

export function host(weight = 1): StrikeKind {
  return {
    name: 'host',
    weight,
    strike: async (world, random) => {
      const [name, strike] = random.pick(Object.entries(KINDS));
      world.journal.strike(`host ${name}`);
      await strike(world, random);
    },
  };
}
