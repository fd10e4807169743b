import { describe, expect, it } from 'vitest';
import { takeSnapshot } from '../world/snapshot.ts';
import { BUGS, putIn } from './bugs.ts';

describe('the deliberate bugs', () => {
  it.each(BUGS.map((bug) => [bug.name, bug] as const))('%s finds the text that it changes, once', (_name, bug) => {
    const snapshot = takeSnapshot(`try-${bug.name}`);
    try {
      putIn(bug, snapshot.folder);
      expect(() => putIn(bug, snapshot.folder)).toThrow('is there 0 times');
    } finally {
      snapshot.remove();
    }
  });
});
