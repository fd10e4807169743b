import type { World } from '../world/world.ts';
import { delay, messageOf, until } from '../wait.ts';
import { readCheckpoint } from './read-checkpoint.ts';

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
    // Each look at a topic reads all of it.
    const restMs = this.#world.checkpointStore === 'kafka' ? 1_000 : 100;
    for (; !this.#stopping; await delay(restMs)) {
      const saved = await readCheckpoint(this.#world);
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
    const gtidSet = (await readCheckpoint(world))?.position.gtidSet ?? '';
    const [answer] = await world.primary.rows('SELECT GTID_SUBSET(?, ?) AS there', [executed, gtidSet]);
    return answer?.['there'] === 1;
  };
  await until(`the checkpoint at ${executed}`, contains, { timeoutMs: 20_000 }).catch((error: unknown) =>
    world.journal.problem('checkpoint', messageOf(error)),
  );
}
