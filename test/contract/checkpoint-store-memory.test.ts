import { MemoryCheckpointStore, type MemoryPlace } from '../support/memory-checkpoint-store.ts';
import { describeCheckpointStore } from './checkpoint-store.suite.ts';

describeCheckpointStore('MemoryCheckpointStore', () => {
  const place: MemoryPlace = { text: null, token: 0 };
  return Promise.resolve({
    open: () => new MemoryCheckpointStore(place),
    write: (text, token) => Promise.resolve(void Object.assign(place, { text, token })),
    close: () => Promise.resolve(),
  });
});
