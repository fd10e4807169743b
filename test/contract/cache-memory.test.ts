import { FakeClock } from '../support/fake-clock.ts';
import { MemoryCache } from '../support/memory-cache.ts';
import { describeCache } from './cache.suite.ts';

const KEPT_VERSION_MS = 3_600_000;

describeCache('MemoryCache', () => {
  const cache = new MemoryCache({ clock: new FakeClock(), versionTtlMs: KEPT_VERSION_MS });
  return Promise.resolve({
    cache,
    prefix: 'test:',
    keptVersionMs: KEPT_VERSION_MS,
    read: (key) => Promise.resolve(cache.read(key)),
    ttlMs: (key) => Promise.resolve(cache.ttlMs(key)),
    version: (key) => Promise.resolve(cache.version(key)),
    versionTtlMs: (key) => Promise.resolve(cache.versionTtlMs(key)),
    fill: (key, value) => Promise.resolve(cache.fill(key, value)),
    close: () => cache.close(),
  });
});
