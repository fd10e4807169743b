import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointLog } from '../../../src/transport/kafka-checkpoint-log.ts';
import type { World } from '../world/world.ts';

export interface Saved {
  readonly lastVersion: number;
  readonly position: { readonly gtidSet: string | null };
}

/** What a daemon would read on from; null: nothing is there, or it cannot be read right now. */
export async function readCheckpoint(world: World): Promise<Saved | null> {
  try {
    const text = await { file: inFile, redis: inRedis, kafka: inKafka }[world.checkpointStore](world);
    return text === null ? null : (JSON.parse(text) as Saved);
  } catch {
    // Removed while we looked, claimed with nothing in it yet, its server away: no finding.
    return null;
  }
}

/** Each token writes to a file of its own, and that of the highest counts, wherever it stands. */
function inFile({ folder }: World): string | null {
  const state = join(folder, 'state');
  const found = readdirSync(state).filter((name) => /^checkpoint.*\.json(\.token-\d+)?$/.test(name));
  const [newest] = found.sort((a, b) => tokenOf(b) - tokenOf(a));
  return newest === undefined ? null : readFileSync(join(state, newest), 'utf8');
}

const tokenOf = (name: string): number => Number(/\.token-(\d+)$/.exec(name)?.[1] ?? 0);

/** Behind a line with the token. */
async function inRedis({ redis, name }: World): Promise<string | null> {
  const text = await redis.get(`sluice:checkpoint:${name}:main`);
  return text === null ? null : text.slice(text.indexOf('{'));
}

async function inKafka(world: World): Promise<string | null> {
  const log = new CheckpointLog(world.name);
  // A checkpoint has several lines.
  const lines = await world.topic('.checkpoints').kcat('\x1e%o\t%k\t%s');
  for (const record of lines.join('\n').split('\x1e').slice(1)) {
    const [offset = '', key = '', value = ''] = record.split('\t');
    log.add({ offset: Number(offset), key, value: value === '' ? null : Buffer.from(value) });
  }
  return log.current()?.value.toString() ?? null;
}
