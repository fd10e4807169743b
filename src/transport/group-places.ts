import type { Clock, StartTrace } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import type { Logger } from '../runtime/logger.ts';
import { placeOf, type CommittedOffset, type GroupPlace } from './group-place.ts';
import { describeKafkaError } from './kafka-errors.ts';
import type { KafkaGroupView } from './kafka-group-view.ts';

interface PlacesOptions {
  readonly topic: string;
  readonly group: string;
  readonly view: KafkaGroupView;
  readonly trace: StartTrace;
  /** Partitions that began anew under the same topic. */
  readonly begunAnew: ReadonlySet<number>;
  /** What was committed when it was last looked at. */
  readonly before: ReadonlyMap<number, CommittedOffset>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where reading begins, and the partition as it was then. */
export type Place = GroupPlace & { readonly end: { readonly low: number; readonly high: number } };
export type Places = ReadonlyMap<number, Place>;

interface FoundPlaces {
  readonly topicId: string | null;
  readonly places: Places;
}

/** Between two questions whose first answer nobody should trust. */
const ASK_AGAIN_MS = 1_000;

/**
 * Where a group reads on in each partition, and why records before that may be lost (ADR 27). Nothing is read before that is known,
 * however long the brokers and the target are away. Null: aborted.
 */
export async function findPlaces(
  partitions: readonly number[],
  options: PlacesOptions,
  signal: AbortSignal,
): Promise<FoundPlaces | null> {
  const { view, clock, topic, group, logger } = options;
  let isSure = false;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const found = await askPlaces(partitions, options);
      if (isSure || ![...found.places.values()].some(({ lost }) => lost === 'topic_recreated')) {
        return signal.aborted ? null : found;
      }
      // A broker may know less than the others for a moment, and a flush of everything is not for a moment.
      isSure = true;
      await clock.sleep(ASK_AGAIN_MS, signal).catch(() => undefined);
      await view.refresh();
    } catch (error) {
      const fields = { topic, group, reason: describeKafkaError(error) };
      if (failures === 1) logger.warn(fields, 'nobody can say yet where this group has to read on, retrying');
      else logger.debug(fields, 'the place of the group could not be read');
      await clock.sleep(fullJitterMs(failures, { baseMs: 100, maxMs: 5_000 }), signal).catch(() => undefined);
      await view.refresh().catch(() => undefined);
    }
  }
  return null;
}

async function askPlaces(partitions: readonly number[], options: PlacesOptions): Promise<FoundPlaces> {
  const { view, trace, begunAnew, before } = options;
  // First the trace: it is left when every partition has an offset, so one that is missing after that has been there.
  const worked = await trace.exists();
  const topicId = await view.topicId();
  const committed = await view.committed(partitions);
  const ends = await view.ends(partitions);
  const places = new Map<number, Place>();
  for (const partition of partitions) {
    const offset = committed.get(partition);
    const end = ends.get(partition);
    if (offset === undefined || end === undefined) throw new Error(`partition ${partition} is not known yet`);
    const place = placeOf(offset, { ...end, topicId }, { worked, before: before.get(partition) });
    const anew = begunAnew.has(partition) && place.lost === null;
    places.set(partition, {
      ...(anew ? { offset: end.low, lost: 'topic_recreated', skipped: 0, isCommitted: false } : place),
      end,
    });
  }
  return { topicId, places };
}
