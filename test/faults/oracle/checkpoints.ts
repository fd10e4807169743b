import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../world/world.ts';
import { delay, messageOf, until } from '../wait.ts';

interface Saved {
  readonly lastVersion: number;
  readonly position: { readonly gtidSet: string | null };
}

/** Looks at the checkpoint all the time: it must never go back. */
export class CheckpointWatch {
  readonly #world: World;
  #stopping = false;
  #done: Promise<void> = Promise.resolve();
  #newest = 0;
  looks = 0;

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #loop(): Promise<void> {
    for (; !this.#stopping; await delay(100)) {
      const saved = readCheckpoint(this.#world.folder);
      if (saved === null) continue;
      this.looks++;
      if (saved.lastVersion < this.#newest) {
        this.#world.journal.problem('checkpoint', `went back from version ${this.#newest} to ${saved.lastVersion}`);
      }
      this.#newest = Math.max(this.#newest, saved.lastVersion);
    }
  }
}

/** Nothing is written any more: the checkpoint must come to stand at the end of the source. */
export async function checkpointArrives(world: World): Promise<void> {
  const [row] = await world.primary.rows('SELECT @@GLOBAL.gtid_executed AS gtids').catch(() => []);
  const executed = String(row?.['gtids'] ?? '').replaceAll('\n', '');
  if (executed === '') return;
  const contains = async (): Promise<boolean> => {
    const gtidSet = readCheckpoint(world.folder)?.position.gtidSet ?? '';
    const [answer] = await world.primary.rows('SELECT GTID_SUBSET(?, ?) AS there', [executed, gtidSet]);
    return answer?.['there'] === 1;
  };
  await until(`the checkpoint at ${executed}`, contains, { timeoutMs: 20_000 }).catch((error: unknown) =>
    world.journal.problem('checkpoint', messageOf(error)),
  );
}

/** What would be read on from: each token writes to a file of its own, and that of the highest counts, wherever it stands. */
export function readCheckpoint(folder: string): Saved | null {
  const state = join(folder, 'state');
  try {
    const found = readdirSync(state).filter((name) => /^checkpoint.*\.json(\.token-\d+)?$/.test(name));
    const [newest] = found.sort((a, b) => tokenOf(b) - tokenOf(a));
    return newest === undefined ? null : parse(join(state, newest));
  } catch {
    return null;
  }
}

const tokenOf = (name: string): number => Number(/\.token-(\d+)$/.exec(name)?.[1] ?? 0);

/** Removed while we looked, or claimed with nothing in it yet, is no finding. */
function parse(path: string): Saved | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Saved;
  } catch {
    return null;
  }
}
