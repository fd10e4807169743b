import { putIn, type Change } from '../bugs/bugs.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';

/** Users cannot choose it (ADR 29); the same faults judge both. A function that returns an object can be called with `new`. */
export const KAFKAJS_PUBLISHER: Change = {
  name: 'kafkajs-publisher',
  file: 'dist/transport/kafka-publisher.js',
  find: 'import { PlatformaticProducer } from "./platformatic-producer.js";',
  replace:
    'import { createKafkajsProducer } from "./kafkajs-producer.js";\nfunction PlatformaticProducer(options) { return createKafkajsProducer(options); }',
};

/** The daemon under test, with this client library behind its publisher. */
export function snapshotOf(publisher: string): Snapshot {
  if (publisher === 'platformatic') return takeSnapshot('run');
  if (publisher !== 'kafkajs') throw new Error('--publisher is platformatic or kafkajs');
  const snapshot = takeSnapshot('run');
  putIn(KAFKAJS_PUBLISHER, snapshot.folder);
  return snapshot;
}
