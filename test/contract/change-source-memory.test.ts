import { MemoryChangeSource } from '../support/memory-change-source.ts';
import { describeChangeSource } from './change-source.suite.ts';

describeChangeSource('in memory', () => {
  const source = new MemoryChangeSource();
  return Promise.resolve({
    source,
    commit: (ids) => Promise.resolve(source.commit(ids)),
    isOwn: () => true,
  });
});
