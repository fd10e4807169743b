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

/** The newest there is: with a lease each token writes to a file of its own. */
export function readCheckpoint(folder: string): Saved | null {
  const state = join(folder, 'state');
  try {
    const found = readdirSync(state).filter((name) => /^checkpoint.*\.json(\.token-\d+)?$/.test(name));
    const saved = found.flatMap((name) => parse(join(state, name)));
    return saved.sort((a, b) => b.lastVersion - a.lastVersion)[0] ?? null;
  } catch {
    return null;
  }
}

/** Renamed or removed while we looked is no finding. */
function parse(path: string): Saved[] {
  try {
    return [JSON.parse(readFileSync(path, 'utf8')) as Saved];
  } catch {
    return [];
  }
}
