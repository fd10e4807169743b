/** Composition root of one question: has this daemon ever run here? */
import { createCheckpointStore, localCheckpointStore } from './capture.ts';
import type { CheckpointStore } from './ports.ts';
import { systemClock } from './runtime/clock.ts';
import type { Config } from './runtime/config/config.ts';
import { silentLogger } from './runtime/logger.ts';
import { topicExists } from './transport/topic-exists.ts';

/**
 * Whether a checkpoint of this daemon exists; also when it cannot be read, or its server does not answer. A start after
 * that must get going again by itself: it refuses nothing that can pass, and nothing the log has to be read for.
 */
export async function hasCheckpoint(config: Config): Promise<boolean> {
  const { transport, checkpoint, targets } = config;
  try {
    if (checkpoint.store === 'kafka' && transport.kind === 'kafka') {
      // Reading a topic that is not there yet would be tried again and again.
      if (!(await topicExists(transport, checkpoint.topic, silentLogger))) return false;
    }
    const stores =
      transport.kind === 'kafka' || checkpoint.store === 'kafka'
        ? [createCheckpointStore({ config, clock: systemClock, logger: silentLogger })]
        : targets.map(({ name }) => localCheckpointStore(checkpoint, name));
    return (await Promise.all(stores.map(isThere))).includes(true);
  } catch {
    return true;
  }
}

async function isThere(store: CheckpointStore): Promise<boolean> {
  try {
    return (await store.load()) !== null;
  } finally {
    await store.close();
  }
}
