import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deriveServerId, replicaUuid } from '../../../src/source/server-id.ts';

it('gives the same id to the same pipeline on the same host, another to any other', () => {
  expect(deriveServerId('shop', 'host-1')).toBe(deriveServerId('shop', 'host-1'));
  const ids = ['shop', 'shop2', 'sho'].flatMap((name) =>
    ['host-1', 'host-2', 'p'].map((host) => deriveServerId(name, host)),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

it('stays clear of the small numbers people give their servers, and within 32 bits', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, host) => {
      const id = deriveServerId(name, host);
      expect(id).toBeGreaterThanOrEqual(1000);
      expect(id).toBeLessThan(2 ** 32);
      expect(Number.isInteger(id)).toBe(true);
    }),
  );
});

it('makes a UUID that MySQL accepts, the same every time', () => {
  expect(replicaUuid('shop', 4711)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(replicaUuid('shop', 4711)).toBe(replicaUuid('shop', 4711));
  expect(replicaUuid('shop', 4712)).not.toBe(replicaUuid('shop', 4711));
});
