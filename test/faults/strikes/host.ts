/** Faults of the machine that the daemon runs on; none of them needs to be root. */
import { execFile } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Random } from '../random.ts';
import { delay } from '../wait.ts';
import type { DaemonSlot } from '../world/daemon-slot.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

/** No file may grow, as on a full disk (that says ENOSPC instead of EFBIG, and needs a volume of its own). */
async function diskFull({ slots }: World, random: Random): Promise<void> {
  const limit = limitOf(slots[0], 'fsize');
  await limit('0:unlimited');
  await delay(random.int(300, 2_000));
  await limit('unlimited:unlimited');
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
  const limit = limitOf(slots[0], 'nofile');
  await limit('8:65536');
  links.mysql.reset();
  links.redis.reset();
  await delay(random.int(300, 2_500));
  await limit('4096:65536');
}

/** Of the process that runs now; it may be killed meanwhile, which takes the limit back too. */
function limitOf(slot: DaemonSlot | undefined, resource: string): (limit: string) => Promise<void> {
  const pid = slot?.process?.pid;
  return async (limit) => {
    if (pid === undefined) return;
    await promisify(execFile)('prlimit', [`--pid=${pid}`, `--${resource}=${limit}`]).catch(() => undefined);
  };
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
