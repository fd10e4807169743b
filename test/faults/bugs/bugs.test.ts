import { describe, expect, it } from 'vitest';
import { takeSnapshot } from '../world/snapshot.ts';
import { KAFKAJS_PUBLISHER } from '../world/publisher.ts';
import { BUGS, putIn, type Change } from './bugs.ts';

const CHANGES: readonly Change[] = [...BUGS, KAFKAJS_PUBLISHER];

describe('a change of the daemon under test', () => {
  it.each(CHANGES.map((change) => [change.name, change] as const))('%s finds its text, once', (_name, change) => {
    const snapshot = takeSnapshot(`try-${change.name}`);
    try {
      putIn(change, snapshot.folder);
      expect(() => putIn(change, snapshot.folder)).toThrow('is there 0 times');
    } finally {
      snapshot.remove();
    }
  });
});
